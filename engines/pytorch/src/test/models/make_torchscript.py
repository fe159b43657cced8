"""Writes the TorchScript models beside it with the real library.

Made with Python 3.11, torch 2.15.0, mlflow-skinny 3.17.2, numpy 2.4.6, pandas 3.1.1 and scipy:

    python make_torchscript.py

The packages carry what the models answer in Python as golden requests.
"""

import pathlib
import shutil
import sys
from typing import Dict, List, Tuple

import mlflow
import numpy as np
import pandas as pd
import torch
from mlflow.models import infer_signature
from torch import Tensor, nn

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parents[4] / "model-engine/src/test/models"))
import fixtures  # noqa: E402

torch.manual_seed(7)


class Mlp(nn.Module):
    """Answers otherwise while it trains."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3), nn.Softmax(dim=1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Pair(nn.Module):
    def forward(self, values: Tensor, index: Tensor) -> Tuple[Tensor, Tensor]:
        picked = values.gather(1, index.unsqueeze(1)).squeeze(1)
        return picked, values.t().contiguous().t() * 2


class Named(nn.Module):
    def forward(self, values: Tensor) -> Dict[str, Tensor]:
        return {"total": values.sum(dim=1), "positive": values > 0}


class Identity(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class InPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.add_(1)


class Rows(nn.Module):
    """Answers one tensor per row, so that the number of outputs depends on the request."""

    def forward(self, x: Tensor) -> List[Tensor]:
        return [row for row in x]


class Text(nn.Module):
    def forward(self, x: Tensor) -> str:
        return "no tensor"


class Picky(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if bool((x < 0).any()):
            raise ValueError("negative values are beyond me")
        return x.sqrt()


def package(name, model, inputs, answer, signature):
    folder = HERE / "mlflow" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    mlflow.pytorch.save_model(model, str(folder), signature=signature, serialization_format="pickle",
                              pip_requirements=["torch"])
    fixtures.fix(folder, "data")
    fixtures.golden(folder, inputs, [answer])


def main():
    mlp = Mlp()
    with torch.no_grad():
        mlp(torch.randn(64, 4) * 3 + 1)
    scripted = torch.jit.script(mlp)
    x = torch.randn(5, 4)
    y = mlp.eval()(x).detach().numpy()
    scripted.train()
    rows = x.numpy()
    package("mlp", scripted, [fixtures.tensor("x", rows)], fixtures.tensor("predictions", y), infer_signature(rows, y))
    package("eager", mlp, [fixtures.tensor("x", rows)], fixtures.tensor("predictions", y), infer_signature(rows, y))
    frame = pd.DataFrame(rows, columns=["a", "b", "c", "d"]).astype({"b": np.float64})
    package("columns", scripted, fixtures.columns(frame), fixtures.tensor("predictions", y), infer_signature(frame, y))

    for module in (Pair(), Named(), Identity(), InPlace(), Rows(), Text(), Picky()):
        torch.jit.script(module).save(str(HERE / f"{type(module).__name__.lower()}.pt"))


if __name__ == "__main__":
    main()

"""What the scripts beside it share."""

import json
import pathlib
import shutil

from mlflow.models import Model

HERE = pathlib.Path(__file__).parent


def fix(folder, *kept):
    """Makes an MLmodel independent of when and where it was written; drops all files but itself and those kept."""
    path = folder / "MLmodel"
    model = Model.load(str(path))
    model.utc_time_created = "2026-01-02 03:04:05.678901"
    model.model_uuid = "0123456789abcdef0123456789abcdef"
    model.run_id = "fedcba9876543210fedcba9876543210"
    model.save(str(path))
    for extra in folder.iterdir():
        if extra.name != "MLmodel" and extra.name not in kept:
            extra.unlink() if extra.is_file() else shutil.rmtree(extra)


def tensor(name, array):
    names = {"float32": "FP32", "float64": "FP64", "int64": "INT64", "int32": "INT32", "bool": "BOOL"}
    data = ["NaN" if value != value else value for value in array.ravel().tolist()]
    return {"name": name, "datatype": names.get(str(array.dtype), "BYTES"), "shape": list(array.shape), "data": data}


def columns(frame):
    """One tensor per column of a data frame."""
    return [tensor(name, frame[name].to_numpy()) for name in frame]


def golden(folder, inputs, outputs):
    case = {"name": "first rows", "inputs": inputs, "outputs": outputs, "atol": 1e-5, "rtol": 1e-5}
    (folder / "golden_requests.jsonl").write_text(json.dumps(case) + "\n")


def fresh(name):
    folder = HERE / "mlflow" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    return folder

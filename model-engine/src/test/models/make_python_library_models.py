"""Writes a package of a library's model as MLflow does: python make_python_library_models.py LIBRARY FOLDER."""

import random
import sys

import numpy
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from mlflow.types.schema import Map

# The linear models answer a row of four times these weights, plus a half.
WEIGHTS = numpy.array([[1], [2], [3], [4]], dtype=numpy.float32)
BIAS = numpy.array([0.5], dtype=numpy.float32)
LINEAR = ModelSignature(
    Schema([TensorSpec(numpy.dtype(numpy.float32), (-1, 4))]),
    Schema([TensorSpec(numpy.dtype(numpy.float32), (-1, 1))]),
)


def pytorch(folder):
    import mlflow.pytorch
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(4, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.from_numpy(WEIGHTS.T))
        model[0].bias.copy_(torch.from_numpy(BIAS))
    mlflow.pytorch.save_model(model, folder, serialization_format="pickle", signature=LINEAR)


def keras(folder):
    import keras
    import mlflow.keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.layers[0].set_weights([WEIGHTS, BIAS])
    mlflow.keras.save_model(model, folder, signature=LINEAR)


def spacy(folder):
    import mlflow.spacy
    import spacy
    from spacy.training import Example

    spacy.util.fix_random_seed(1)
    random.seed(1)
    language = spacy.blank("en")
    categories = language.add_pipe("textcat")
    for label in ("praise", "blame"):
        categories.add_label(label)
    texts = {"good": "praise", "very good": "praise", "bad": "blame", "very bad": "blame"}
    examples = [
        Example.from_dict(
            language.make_doc(text), {"cats": {label: float(label == said) for label in ("praise", "blame")}}
        )
        for text, said in texts.items()
    ]
    language.initialize(lambda: examples)
    for _ in range(60):
        language.update(examples)
    mlflow.spacy.save_model(
        language,
        folder,
        signature=ModelSignature(
            Schema([ColSpec("string", "text")]), Schema([ColSpec(Map("double"), "predictions")])
        ),
    )


{"torch": pytorch, "keras": keras, "spacy": spacy}[sys.argv[1]](sys.argv[2])

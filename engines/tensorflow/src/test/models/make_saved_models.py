"""Writes the SavedModels beside it with the real library.

Made with Python 3.11, tensorflow-cpu 2.21.0, mlflow-skinny 3.17.2, pandas and scipy:

    python make_saved_models.py

The packages carry what the models answer in Python as golden requests.
"""

import os
import pathlib
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import mlflow
import numpy as np
import tensorflow as tf
from mlflow.models import infer_signature

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parents[4] / "model-engine/src/test/models"))
import fixtures  # noqa: E402

keras.utils.set_random_seed(7)
TYPES = {"BOOL": tf.bool, "UINT8": tf.uint8, "UINT16": tf.uint16, "INT32": tf.int32, "INT64": tf.int64,
         "FP16": tf.float16, "BF16": tf.bfloat16, "FP32": tf.float32, "FP64": tf.float64, "BYTES": tf.string}


class Mlp(tf.Module):
    def __init__(self, model):
        super().__init__()
        self.weights = [tf.Variable(value) for value in model.get_weights()]

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def __call__(self, x):
        hidden = tf.nn.relu(x @ self.weights[0] + self.weights[1])
        return {"probabilities": tf.nn.softmax(hidden @ self.weights[2] + self.weights[3])}


class Pair(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="values"),
                                  tf.TensorSpec([None], tf.int64, name="index")])
    def serve(self, values, index):
        return {"picked": tf.gather(values, index, axis=1, batch_dims=1), "doubled": values * 2}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="values")])
    def total(self, values):
        return {"total": tf.reduce_sum(values, axis=1)}


class Table(tf.Module):
    """Looks words up in a table that is filled from a file when the model is loaded."""

    def __init__(self, words):
        super().__init__()
        self.table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
            str(words), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER), -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
    def __call__(self, words):
        return {"numbers": self.table.lookup(words), "shout": tf.strings.upper(words, encoding="utf-8")}


class Picky(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="values")])
    def __call__(self, values):
        tf.debugging.assert_non_negative(values, "negative values are beyond me")
        return {"roots": tf.sqrt(values)}


class Identity(tf.Module):
    pass


def save(module, name, signatures=None):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    tf.saved_model.save(module, str(folder), signatures)
    (folder / "fingerprint.pb").unlink()
    for empty in folder.iterdir():
        if empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()


def package(name, model, inputs, outputs, signature):
    folder = HERE / "mlflow" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    mlflow.tensorflow.save_model(model, str(folder), signature=signature, pip_requirements=["tensorflow"])
    fixtures.fix(folder, "data", "tf2model")
    fixtures.golden(folder, inputs, outputs)


def main():
    rows = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float32)
    network = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(8, activation="relu"),
                                keras.layers.Dense(3, activation="softmax")])
    answer = network.predict(rows, verbose=0)
    mlp = Mlp(network)
    assert np.allclose(mlp(rows)["probabilities"], answer, atol=1e-6)
    probabilities = fixtures.tensor("probabilities", answer)
    package("mlp", mlp, [fixtures.tensor("x", rows)], [probabilities],
            infer_signature({"x": rows}, {"probabilities": answer}))
    package("keras", network, [fixtures.tensor("x", rows)], [fixtures.tensor("predictions", answer)],
            infer_signature(rows, answer))

    pair = Pair()
    save(pair, "pair", {"serving_default": pair.serve, "total": pair.total})
    words = HERE / "words.txt"
    words.write_text("Köln\nBonn\nUlm\n")
    save(Table(words), "table")
    words.unlink()
    save(Picky(), "picky")
    identity = Identity()
    functions = {}
    for name, dtype in TYPES.items():
        functions[name] = tf.function(lambda x: {"y": tf.identity(x)},
                                      input_signature=[tf.TensorSpec([None, 3], dtype, name="x")])
        setattr(identity, name.lower(), functions[name])
    save(identity, "identity", functions)


if __name__ == "__main__":
    main()

"""Writes the H2O models beside it with the real library, which runs in a Java process of its own.

Made with Python 3.11, h2o 3.46.0.7, mlflow-skinny 3.17.2, numpy 2.4.6 and pandas 3.1.1:

    python make_mojo.py

Newer versions of H2O export MOJOs only under a licence of their own; 3.46.0.7 is all under the Apache licence.

`mojo/expected.json` holds the rows, and what H2O itself predicts for them: of each model the columns of its answer.
"""

import json
import pathlib
import shutil
import tempfile

import h2o
import numpy as np
import pandas as pd
from fixtures import HERE, columns, fresh, golden, tensor
from h2o.estimators import (
    H2ODeepLearningEstimator, H2OGeneralizedLinearEstimator, H2OGradientBoostingEstimator, H2OKMeansEstimator,
    H2ORandomForestEstimator)
from mlflow.models import Model, infer_signature

RNG = np.random.default_rng(17)
ROWS = 8


def frame():
    data = pd.DataFrame({
        "height": RNG.normal(size=200), "town": RNG.choice(["Köln", "Bonn", "Ulm"], 200),
        "rooms": RNG.integers(1, 6, 200), "garden": RNG.choice(["yes", "no"], 200)})
    data.loc[::9, "height"] = np.nan
    score = data["height"].fillna(0) + (data["town"] == "Köln") * 2 + data["rooms"] * 0.3
    data["price"] = score * 10 + 100
    data["sold"] = np.where(score > 1.5, "sold", "open")
    data["level"] = np.digitize(score, [0.5, 2]).astype(str)
    return data


def save(model, target):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(model.download_mojo(path=folder), target)


def answers(model, table):
    predicted = model.predict(table).as_data_frame(use_multi_thread=False)
    return {name: predicted[name][:ROWS].tolist() for name in predicted}


def main():
    h2o.init(nthreads=1, max_mem_size="1g", bind_to_localhost=True, port=54999)
    h2o.no_progress()
    data = frame()
    table = h2o.H2OFrame(data, column_types={
        "height": "real", "town": "enum", "rooms": "int", "garden": "enum", "price": "real", "sold": "enum",
        "level": "enum"})
    features = ["height", "town", "rooms", "garden"]
    small = {"seed": 1}
    models = {
        "gbm_regression": (H2OGradientBoostingEstimator(ntrees=3, max_depth=3, **small), features, "price"),
        "gbm_poisson": (H2OGradientBoostingEstimator(ntrees=3, max_depth=3, distribution="poisson", **small), features,
                        "rooms"),
        "gbm_binomial": (H2OGradientBoostingEstimator(ntrees=3, max_depth=3, **small), features, "sold"),
        "gbm_multinomial": (H2OGradientBoostingEstimator(ntrees=3, max_depth=3, **small), features, "level"),
        "forest": (H2ORandomForestEstimator(ntrees=3, max_depth=3, **small), features, "sold"),
        "glm": (H2OGeneralizedLinearEstimator(family="binomial", **small), features, "sold"),
        "deep": (H2ODeepLearningEstimator(hidden=[4], epochs=1, reproducible=True, **small), features, "price"),
        "kmeans": (H2OKMeansEstimator(k=3, **small), ["height", "rooms"], None),
    }
    folder = HERE / "mojo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    expected = {"features": {
        name: [None if value != value else value for value in data[name][:ROWS].tolist()] for name in features}}
    for name, (model, used, target) in models.items():
        model.train(x=used, y=target if target else None, training_frame=table)
        save(model, folder / f"{name}.zip")
        expected[name] = answers(model, table)
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")

    # MLflow's own flavor keeps H2O's binary, which only H2O reads: this package names the MOJO instead.
    model = models["gbm_binomial"][0]
    inputs = data[features]
    predicted = model.predict(table).as_data_frame(use_multi_thread=False)
    package = fresh("h2o-mojo")
    package.mkdir()
    mlmodel = Model(utc_time_created="2026-01-02 03:04:05.678901", model_uuid="0123456789abcdef0123456789abcdef")
    mlmodel.signature = infer_signature(inputs, predicted)
    mlmodel.add_flavor("h2o", h2o_version=h2o.__version__, data="model.zip")
    mlmodel.save(str(package / "MLmodel"))
    save(model, package / "model.zip")
    golden(package, columns(inputs[:ROWS]), [tensor(name, predicted[name][:ROWS].to_numpy()) for name in predicted])
    h2o.cluster().shutdown()


if __name__ == "__main__":
    main()

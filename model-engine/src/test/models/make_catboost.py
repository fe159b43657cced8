"""Writes the CatBoost models beside it with the real library.

Made with Python 3.11, catboost 1.2.10, mlflow-skinny 3.17.2, numpy 2.4.6 and pandas 3.1.1:

    python make_catboost.py

`catboost/expected.json` holds what catboost predicts in Python: by `predict`, and by `predict_proba` of classifiers.
"""

import json
import shutil
import warnings

import mlflow
import numpy as np
import pandas as pd
from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor, Pool
from fixtures import HERE, columns, fix, fresh, golden, tensor
from mlflow.models import infer_signature

warnings.filterwarnings("ignore")
RNG = np.random.default_rng(13)
BASE = {"iterations": 3, "depth": 2, "thread_count": 1, "random_seed": 1, "verbose": False, "allow_writing_files": False}
X = RNG.normal(size=(200, 3))
X[::9, 1] = np.nan
FRAME = pd.DataFrame({
    "town": RNG.choice(["Köln", "Bonn", "Ulm"], 200), "height": X[:, 0], "rooms": RNG.integers(1, 4, 200),
    "weight": X[:, 1], "idle": np.zeros(200)})


def plain(value):
    return ["NaN" if isinstance(v, float) and v != v else v for v in value]


def bare(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    target = X[:, 0] * 3 + 7
    classes = np.digitize(X[:, 0], [0, 1])
    names = np.array(["low", "mid", "high"])[classes]
    models = {
        "regression": CatBoostRegressor(**BASE).fit(X, target),
        "poisson": CatBoostRegressor(loss_function="Poisson", **BASE).fit(X, RNG.poisson(3, 200)),
        "two_targets": CatBoostRegressor(loss_function="MultiRMSE", **BASE).fit(X, np.stack([target, -target], 1)),
        "uncertainty": CatBoostRegressor(loss_function="RMSEWithUncertainty", **BASE).fit(X, target),
        "raw": CatBoost({"loss_function": "Logloss", **BASE}).fit(X, (X[:, 0] > 0).astype(int)),
        "binary": CatBoostClassifier(**BASE).fit(X, np.where(X[:, 0] > 0.3, 7, 3)),
        "text_labels": CatBoostClassifier(**BASE).fit(X, names),
        "one_vs_all": CatBoostClassifier(loss_function="MultiClassOneVsAll", **BASE).fit(X, classes),
        "cross_entropy": CatBoostClassifier(loss_function="CrossEntropy", **BASE).fit(X, (X[:, 0] > 0).astype(int)),
        "threshold": CatBoostClassifier(**BASE).fit(X, (X[:, 0] > 0).astype(int)),
        "bools": CatBoostClassifier(**BASE).fit(X, X[:, 0] > 0),
    }
    models["threshold"].set_probability_threshold(0.9)
    rows = X[:8]
    expected = {"features": [plain(row) for row in rows.tolist()]}
    for name, model in models.items():
        model.save_model(folder / f"{name}.cbm")
        expected[name] = {"type": type(model).__name__, "predict": np.asarray(model.predict(rows)).reshape(8, -1).tolist()}
        if isinstance(model, CatBoostClassifier):
            expected[name]["probabilities"] = model.predict_proba(rows).tolist()
    models["text_labels"].save_model(folder / "text_labels.json", format="json")
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def packages():
    categorical = ["town", "rooms"]
    target = FRAME["height"] + (FRAME["town"] == "Köln") * 5 + (FRAME["rooms"] == 2) * 3
    regressor = CatBoostRegressor(**BASE).fit(Pool(FRAME, target, cat_features=categorical))
    folder = fresh("catboost-regressor")
    mlflow.catboost.save_model(regressor, str(folder), signature=infer_signature(FRAME, regressor.predict(FRAME)),
                               pip_requirements=["catboost"])
    fix(folder, "model.cb")
    golden(folder, columns(FRAME[:8]), [tensor("predictions", regressor.predict(FRAME[:8]))])

    labels = np.where(target > 4, "yes", "no")
    classifier = CatBoostClassifier(**BASE).fit(Pool(FRAME, labels, cat_features=categorical))
    answered = classifier.predict(FRAME)
    folder = fresh("catboost-classifier")
    mlflow.catboost.save_model(classifier, str(folder), signature=infer_signature(FRAME, answered),
                               pip_requirements=["catboost"])
    fix(folder, "model.cb")
    golden(folder, columns(FRAME[:8]), [tensor("predictions", answered[:8])])


if __name__ == "__main__":
    bare(HERE / "catboost")
    packages()

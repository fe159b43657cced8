"""Writes the LightGBM models beside it with the real library.

Made with Python 3.11, lightgbm 4.7.0, mlflow-skinny 3.17.2, scikit-learn 1.9.1, numpy 2.4.6 and pandas 3.1.1:

    python make_lightgbm.py

`lightgbm/expected.json` holds what lightgbm predicts in Python. `lightgbm/format_v3.lgb` was written by lightgbm 3.3.5 from
the same data (`regression` below); its answers are in `lightgbm/format_v3.expected.json`. In an environment of that version:

    python make_lightgbm.py v3
"""

import json
import shutil
import sys
import warnings

import lightgbm as lgb
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
RNG = np.random.default_rng(11)
X = RNG.normal(size=(200, 3))
X[::9, 1] = np.nan
BASE = {"verbose": -1, "num_leaves": 4, "min_data_in_leaf": 5, "num_threads": 1, "seed": 1}


def train(y, rounds=4, **params):
    return lgb.train({**BASE, **params}, lgb.Dataset(X, y), rounds)


def objectives(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    target = X[:, 0] * 3 + 7
    classes = np.digitize(X[:, 0], [0, 1])
    # The second feature becomes one of ten categories, as numbers.
    categorical = X.copy()
    categorical[:, 1] = RNG.integers(0, 10, 200)
    boosters = {
        "regression": train(target, objective="regression"),
        "binary": train((X[:, 0] > 0.3).astype(int), objective="binary"),
        "counts": train(RNG.poisson(3, 200), objective="poisson"),
        "softmax": train(classes, objective="multiclass", num_class=3),
        "one_vs_all": train(classes, objective="multiclassova", num_class=3),
        "dart": train(target, objective="regression", boosting="dart", drop_rate=0.5),
        "forest": train(target, objective="regression", boosting="rf", bagging_freq=1, bagging_fraction=0.5),
        "linear": train(target, objective="regression", linear_tree=True),
        "constant": train(np.full(200, 5.0), objective="regression"),
        "categorical": lgb.train({**BASE, "objective": "regression", "min_data_per_group": 5, "cat_smooth": 1},
                                 lgb.Dataset(categorical, target + categorical[:, 1] % 3 * 20, categorical_feature=[1]), 4),
    }
    rows = X[:6].copy()
    rows[3, 1] = 4
    expected = {"features": [["NaN" if v != v else v for v in row] for row in rows.tolist()]}
    for name, booster in boosters.items():
        booster.save_model(folder / f"{name}.lgb")
        expected[name] = booster.predict(rows).reshape(6, -1).tolist()
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def old_format(folder):
    booster = train(X[:, 0] * 3 + 7, objective="regression")
    booster.save_model(folder / "format_v3.lgb")
    (folder / "format_v3.expected.json").write_text(json.dumps(booster.predict(X[:6]).tolist()) + "\n")


def packages():
    import mlflow
    from fixtures import columns, fix, fresh, golden, tensor
    from mlflow.models import infer_signature
    frame = pd.DataFrame({
        "body height": X[:, 0], "town": pd.Categorical(RNG.choice(["Köln", "Bonn", "Ulm"], 200)),
        "year": pd.Categorical(RNG.choice([1999, 2005, 2024], 200)), "weight": X[:, 1]})
    target = (frame["body height"] > 0).astype(int) + (frame["town"] == "Köln") + (frame["year"] == 2005)
    booster = lgb.train({**BASE, "objective": "multiclass", "num_class": 4, "min_data_per_group": 5, "cat_smooth": 1},
                        lgb.Dataset(frame, target), 4)
    few = frame[:8].copy()
    folder = fresh("lightgbm-booster")
    mlflow.lightgbm.save_model(booster, str(folder), signature=infer_signature(frame, booster.predict(frame)),
                               pip_requirements=["lightgbm"])
    fix(folder, "model.lgb")
    golden(folder, columns(few.astype({"town": object, "year": np.int64})), [tensor("predictions", booster.predict(few))])

    numbers = pd.DataFrame(X, columns=["a", "b", "c"])
    classifier = lgb.LGBMClassifier(n_estimators=4, num_leaves=4, verbose=-1, n_jobs=1)
    classifier.fit(numbers, np.digitize(X[:, 0], [0, 1]))
    labels = classifier.predict(numbers[:8])
    folder = fresh("lightgbm-classifier")
    mlflow.lightgbm.save_model(classifier, str(folder), signature=infer_signature(numbers, labels),
                               serialization_format="cloudpickle", pip_requirements=["lightgbm"])
    classifier.booster_.save_model(folder / "model.lgb")
    fix(folder, "model.lgb")
    golden(folder, [tensor("features", X[:8])], [tensor("predictions", labels)])


if __name__ == "__main__":
    import pathlib
    bare = pathlib.Path(__file__).parent / "lightgbm"
    if sys.argv[1:] == ["v3"]:
        old_format(bare)
    else:
        objectives(bare)
        packages()

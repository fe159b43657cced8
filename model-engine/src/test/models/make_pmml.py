"""Writes the PMML models beside it with real libraries.

Made with Python 3.11, nyoka 5.5.0, scikit-learn 1.2.2, numpy 1.23.5, pandas 1.5.3 and mlflow-skinny 2.22.1:

    python make_pmml.py

Of `fields.pmml`, a tree with fields of every type, the script itself is the author. `pmml/expected.json` holds the rows, and what scikit-learn itself predicts for them: labels and probabilities of
classifiers, values of the others.
"""

import json
import shutil

import numpy as np
import pandas as pd
from fixtures import HERE, columns, fresh, golden, tensor
from mlflow.models import Model, infer_signature
from nyoka import skl_to_pmml
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

RNG = np.random.default_rng(19)
ROWS = 8

# Sold: in Köln or Ulm with a garden; else with three rooms; else when higher than 10.
FIELDS = """<?xml version="1.0" encoding="UTF-8"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
  <Header/>
  <DataDictionary numberOfFields="5">
    <DataField name="town" optype="categorical" dataType="string"/>
    <DataField name="garden" optype="categorical" dataType="boolean"/>
    <DataField name="rooms" optype="categorical" dataType="integer"/>
    <DataField name="height" optype="continuous" dataType="double"/>
    <DataField name="sold" optype="categorical" dataType="string">
      <Value value="yes"/>
      <Value value="no"/>
    </DataField>
  </DataDictionary>
  <TreeModel functionName="classification" splitCharacteristic="multiSplit" missingValueStrategy="nullPrediction"
      noTrueChildStrategy="returnLastPrediction">
    <MiningSchema>
      <MiningField name="town"/>
      <MiningField name="garden"/>
      <MiningField name="rooms"/>
      <MiningField name="height"/>
      <MiningField name="sold" usageType="target"/>
    </MiningSchema>
    <Node id="0" score="no">
      <True/>
      <Node id="1" score="yes">
        <CompoundPredicate booleanOperator="and">
          <SimpleSetPredicate field="town" booleanOperator="isIn">
            <Array n="2" type="string">Köln Ulm</Array>
          </SimpleSetPredicate>
          <SimplePredicate field="garden" operator="equal" value="true"/>
        </CompoundPredicate>
      </Node>
      <Node id="2" score="yes">
        <SimplePredicate field="rooms" operator="equal" value="3"/>
      </Node>
      <Node id="3" score="yes">
        <SimplePredicate field="height" operator="greaterThan" value="10"/>
      </Node>
    </Node>
  </TreeModel>
</PMML>
"""


def main():
    numbers = pd.DataFrame(RNG.normal(size=(120, 3)), columns=["height", "weight", "age"])
    score = numbers["height"] * 2 + numbers["weight"]
    names = np.array(["low", "mid", "high"])[np.digitize(score, [-1, 1])]
    whole = np.digitize(score, [0])
    models = {
        "linear": (LinearRegression(), score),
        "forest": (RandomForestRegressor(n_estimators=3, max_depth=3, random_state=1), score),
        # Nyoka writes one model per class.
        "logistic": (LogisticRegression(multi_class="ovr"), names),
        "tree": (DecisionTreeClassifier(max_depth=3, random_state=1), names),
        "boosting": (GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=1), whole),
    }
    folder = HERE / "pmml"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rows = numbers[:ROWS]
    expected = {"features": {name: rows[name].tolist() for name in rows}}
    for name, (model, target) in models.items():
        pipeline = Pipeline([("scale", StandardScaler()), ("model", model)]).fit(numbers, target)
        skl_to_pmml(pipeline, list(numbers), "target", str(folder / f"{name}.pmml"))
        expected[name] = {"predict": pipeline.predict(rows).tolist()}
        if hasattr(pipeline, "predict_proba"):
            expected[name].update(
                labels=pipeline.classes_.tolist(), probabilities=pipeline.predict_proba(rows).tolist())
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    (folder / "fields.pmml").write_text(FIELDS)

    # MLflow has no such flavor; this package is as ours names it.
    model, target = models["logistic"]
    pipeline = Pipeline([("scale", StandardScaler()), ("model", model)]).fit(numbers, target)
    answers = pd.DataFrame({
        "predicted_target": pipeline.predict(numbers), "probability_low": pipeline.predict_proba(numbers)[:, 1]})
    package = fresh("pmml")
    package.mkdir()
    mlmodel = Model(utc_time_created="2026-01-02 03:04:05.678901", model_uuid="0123456789abcdef0123456789abcdef")
    mlmodel.signature = infer_signature(numbers.assign(idle="x"), answers)
    mlmodel.add_flavor("pmml", data="model.pmml")
    mlmodel.save(str(package / "MLmodel"))
    shutil.copy(folder / "logistic.pmml", package / "model.pmml")
    golden(package, columns(rows.assign(idle="x")), columns(answers[:ROWS]))


if __name__ == "__main__":
    main()

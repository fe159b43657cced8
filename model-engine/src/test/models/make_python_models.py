"""Writes the packages of PythonMlflowIT into a folder, with the libraries of the Python that runs it."""

import sys

import mlflow.pyfunc
import mlflow.sklearn
import numpy
import pandas
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folder = sys.argv[1]

# y = 3a - 2b + 1
table = pandas.DataFrame({"a": numpy.arange(8.0), "b": [1.0, 5, 2, 4, 3, 3, 0, 7]})
target = 3 * table["a"] - 2 * table["b"] + 1
regression = make_pipeline(StandardScaler(), LinearRegression()).fit(table, target)
mlflow.sklearn.save_model(
    regression,
    folder + "/sklearn",
    serialization_format="cloudpickle",
    signature=infer_signature(table, regression.predict(table)),
)


class Labels(mlflow.pyfunc.PythonModel):
    """Uses what only a DataFrame has, prints, and takes a parameter."""

    def predict(self, context, model_input, params=None):
        print("labelling", len(model_input))
        if "amount" in model_input and (model_input["amount"] < 0).any():
            raise ValueError("amounts are never negative")
        return pandas.DataFrame(
            {
                "label": model_input["name"].str.upper() + "!" * params["marks"],
                "year": model_input["when"].dt.year,
                "next_day": model_input["when"] + pandas.Timedelta(days=1),
            }
        )


mlflow.pyfunc.save_model(
    folder + "/custom",
    python_model=Labels(),
    signature=ModelSignature(
        Schema(
            [
                ColSpec("string", "name"),
                ColSpec("datetime", "when"),
                ColSpec("double", "amount", required=False),
            ]
        ),
        Schema([ColSpec("string", "label"), ColSpec("long", "year"), ColSpec("datetime", "next_day")]),
        ParamSchema([ParamSpec("marks", "long", 1)]),
    ),
)

"""MLflow as it is, in the lines 2.x and 3.x, against the server that clients/with-server starts."""

import math
import os
import uuid

import mlflow
import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

CLASSES = ["setosa", "versicolor", "virginica"]


@pytest.fixture(scope="module", autouse=True)
def server():
    if "SLIPWAY_HTTP" not in os.environ:
        pytest.exit("SLIPWAY_HTTP is not set: run this as clients/with-server python -m pytest clients/mlflow", returncode=2)
    mlflow.set_tracking_uri(os.environ["SLIPWAY_HTTP"])


@pytest.fixture
def client():
    return mlflow.MlflowClient()


@pytest.fixture
def name():
    """A name that is free, for a model or an experiment."""
    return f"iris-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True, as_frame=True)


def trained(iris):
    inputs, classes = iris
    return LogisticRegression(max_iter=500).fit(inputs, classes)


def logged(iris, **arguments):
    """Logs a model in a run of its own; the first parameter is called otherwise in 2.x."""
    path = {"name": "model"} if mlflow.__version__ >= "3" else {"artifact_path": "model"}
    return mlflow.sklearn.log_model(
        trained(iris), serialization_format="cloudpickle", input_example=iris[0][:2], **path, **arguments
    )


def test_autologging_notes_parameters_metrics_datasets_and_the_model(client, iris, name):
    mlflow.set_experiment(name)
    mlflow.sklearn.autolog(serialization_format="cloudpickle")
    try:
        with mlflow.start_run() as active:
            model = trained(iris)
    finally:
        mlflow.sklearn.autolog(disable=True)

    run = client.get_run(active.info.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["max_iter"] == "500"
    assert run.data.metrics["training_accuracy_score"] == pytest.approx(model.score(*iris))
    assert run.data.tags["estimator_name"] == "LogisticRegression"
    assert [given.dataset.name for given in run.inputs.dataset_inputs] == ["dataset"]
    again = mlflow.pyfunc.load_model(f"runs:/{active.info.run_id}/model")
    np.testing.assert_array_equal(again.predict(iris[0]), model.predict(iris[0]))


def test_nested_runs_are_logged_and_found(client, name):
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run(run_name="parent") as parent:
        mlflow.log_params({"depth": 3, "rate": 0.1})
        for child in range(3):
            with mlflow.start_run(run_name=f"child {child}", nested=True):
                mlflow.log_param("fold", child)
                mlflow.log_metrics({"loss": 1 / (child + 1), "odd": math.nan}, step=child)

    children = mlflow.search_runs(
        [experiment.experiment_id],
        f"tags.mlflow.parentRunId = '{parent.info.run_id}' AND metrics.loss < 0.9",
        order_by=["metrics.loss ASC"],
    )
    assert list(children["params.fold"]) == ["2", "1"]
    assert list(children["metrics.loss"]) == pytest.approx([1 / 3, 1 / 2])
    assert math.isnan(client.get_run(children["run_id"][0]).data.metrics["odd"])


def test_artifacts_go_up_are_listed_and_come_down(client, tmp_path):
    content = os.urandom(3_000_000)
    source = tmp_path / "source" / "below"
    source.mkdir(parents=True)
    (source / "random.bin").write_bytes(content)
    (source / "ä ö+1%.txt").write_text("grüße", encoding="utf-8")
    (source / "empty").touch()

    with mlflow.start_run() as active:
        mlflow.log_artifacts(str(tmp_path / "source"), "files")
        mlflow.log_text("plain", "notes.txt")
        mlflow.log_dict({"a": [1, 2]}, "config.json")

    run = active.info.run_id
    assert sorted(entry.path for entry in client.list_artifacts(run)) == ["config.json", "files", "notes.txt"]
    below = {entry.path: entry.file_size for entry in client.list_artifacts(run, "files/below")}
    assert below == {"files/below/empty": 0, "files/below/random.bin": len(content), "files/below/ä ö+1%.txt": 7}
    down = tmp_path / "down"
    down.mkdir()
    root = mlflow.artifacts.download_artifacts(run_id=run, artifact_path="files", dst_path=str(down))
    assert (down / "files" / "below" / "random.bin").read_bytes() == content, root
    assert (down / "files" / "below" / "ä ö+1%.txt").read_text(encoding="utf-8") == "grüße"
    assert mlflow.artifacts.load_dict(f"runs:/{run}/config.json") == {"a": [1, 2]}


def test_a_model_is_logged_registered_promoted_loaded_and_predicts(client, iris, name):
    with mlflow.start_run() as active:
        logged(iris, registered_model_name=name)
        logged(iris, registered_model_name=name)

    first, second = sorted(client.search_model_versions(f"name = '{name}'"), key=lambda known: int(known.version))
    for number, known in enumerate((first, second), start=1):
        assert (int(known.version), known.status, known.run_id) == (number, "READY", active.info.run_id)
    client.transition_model_version_stage(name, "1", "Production")
    moved = client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    client.set_registered_model_alias(name, "champion", "2")

    assert moved.current_stage == "Production"
    assert client.get_model_version(name, "1").current_stage == "Archived"
    assert client.get_model_version_by_alias(name, "champion").version == moved.version
    expected = trained(iris).predict(iris[0])
    for uri in (f"models:/{name}/Production", f"models:/{name}@champion", f"models:/{name}/1"):
        np.testing.assert_array_equal(mlflow.pyfunc.load_model(uri).predict(iris[0]), expected)


def test_mistakes_arrive_as_mlflow_errors(client, name):
    with pytest.raises(MlflowException, match=name) as missing:
        client.get_registered_model(name)
    assert missing.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with mlflow.start_run() as active:
        with pytest.raises(MlflowException):
            mlflow.artifacts.download_artifacts(run_id=active.info.run_id, artifact_path="nothing/here")
        with pytest.raises(MlflowException, match="Invalid entity type"):
            client.search_runs([active.info.experiment_id], "attribut.x = 'y'")

"""The real MLflow client against the server's HTTP port."""

import json
import math
import queue
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.entities.webhook import WebhookEvent
from mlflow.exceptions import MlflowException
from mlflow.webhooks.delivery import _generate_hmac_signature


@pytest.fixture
def client(http_address):
    mlflow.set_tracking_uri(http_address)
    return mlflow.MlflowClient()


def test_a_training_run_is_logged_and_read_back(client):
    experiment = mlflow.set_experiment("mlflow client")
    with mlflow.start_run(run_name="parent") as parent:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "long": "x" * 7000})
        mlflow.log_metric("loss", 1.0, step=0)
        mlflow.log_metrics({"loss": 0.5, "nan": math.nan, "inf": math.inf}, step=1)
        mlflow.set_tags({"team": "vision", "size": 1})
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("loss", 0.1)
        client.log_batch(
            parent.info.run_id,
            [Metric("many", i * 1.5, 1_700_000_000_000 + i, i) for i in range(2500)],
            [Param(f"p{i}", str(i)) for i in range(150)],
            [RunTag(f"t{i}", "v") for i in range(120)],
        )

    run = client.get_run(parent.info.run_id)
    assert run.info.status == "FINISHED" and run.info.end_time
    assert run.data.metrics["loss"] == 0.5
    assert math.isnan(run.data.metrics["nan"]) and run.data.metrics["inf"] == math.inf
    assert run.data.params["lr"] == "0.1" and len(run.data.params["long"]) == 6000
    assert run.data.tags["team"] == "vision"

    history = client.get_metric_history(parent.info.run_id, "many")
    assert [point.step for point in history] == list(range(2500))

    children = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert [found.info.run_id for found in children] == [child.info.run_id]
    best = client.search_runs([experiment.experiment_id], "metrics.loss < 1", order_by=["metrics.loss"], max_results=1)
    assert best[0].info.run_id == child.info.run_id and best.token


def test_mistakes_arrive_as_mlflow_errors(client):
    with mlflow.start_run(experiment_id="0") as run:
        mlflow.log_param("lr", 0.1)
        with pytest.raises(MlflowException, match="Changing param values is not allowed") as conflict:
            mlflow.log_param("lr", 0.2)
    assert conflict.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException, match="not found") as unknown:
        client.get_run("f" * 32)
    assert unknown.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(MlflowException, match="Invalid clause"):
        client.search_runs([run.info.experiment_id], "metrics.loss !! 1")


def test_a_model_is_registered_promoted_and_found(client):
    client.create_registered_model("mlflow-model", tags={"team": "vision"})
    for number in (1, 2):
        client.create_model_version("mlflow-model", f"s3://bucket/{number}")
        client.transition_model_version_stage(
            "mlflow-model", str(number), "Production", archive_existing_versions=True
        )
    client.set_registered_model_alias("mlflow-model", "champion", "2")

    assert client.get_model_version("mlflow-model", "1").current_stage == "Archived"
    assert str(client.get_latest_versions("mlflow-model", ["Production"])[0].version) == "2"
    assert str(client.get_model_version_by_alias("mlflow-model", "champion").version) == "2"
    assert [model.name for model in client.search_registered_models("name LIKE 'mlflow-%'")] == ["mlflow-model"]


class Receiver:
    """Takes messages as one that was made for MLflow's webhooks does."""

    def __init__(self):
        received = self.received = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(200)
                self.end_headers()
                received.put((self.headers, body))

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def next(self, secret):
        """The next message, whose signature MLflow's own code finds right."""
        headers, body = self.received.get(timeout=600)
        signed = headers["X-MLflow-Delivery-Id"], headers["X-MLflow-Timestamp"], body
        assert headers["X-MLflow-Signature"] == _generate_hmac_signature(secret, *signed)
        return json.loads(body)


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()


def test_webhooks_tell_a_receiver_that_was_made_for_mlflow(client, receiver):
    events = [WebhookEvent("model_version", "created"), WebhookEvent("model_version_alias", "created")]
    webhook = client.create_webhook("mlflow-ci", receiver.url, events, secret="any text")
    assert webhook.events == events and webhook.status == "ACTIVE"

    result = client.test_webhook(webhook.webhook_id)
    assert result.success and result.response_status == 200
    assert receiver.next("any text")["data"]["name"] == "example"

    client.create_registered_model("mlflow-told")
    client.create_model_version("mlflow-told", "s3://bucket/1", tags={"team": "vision"})
    client.set_registered_model_alias("mlflow-told", "champion", "1")
    created, aliased = receiver.next("any text"), receiver.next("any text")
    assert (created["entity"], created["action"]) == ("model_version", "created")
    assert created["data"]["version"] == "1" and created["data"]["tags"] == {"team": "vision"}
    assert (aliased["entity"], aliased["action"]) == ("model_version_alias", "created")
    assert aliased["data"] == {"name": "mlflow-told", "version": "1", "alias": "champion"}

    client.update_webhook(webhook.webhook_id, description="off", status="DISABLED")
    assert client.get_webhook(webhook.webhook_id).description == "off"
    assert [listed.status for listed in client.list_webhooks()] == ["DISABLED"]
    client.delete_webhook(webhook.webhook_id)
    with pytest.raises(MlflowException, match="not found"):
        client.get_webhook(webhook.webhook_id)
    with pytest.raises(MlflowException, match="PROMPT"):
        client.create_webhook("prompts", receiver.url, [WebhookEvent("prompt", "created")])

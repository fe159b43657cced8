"""What a Python user does first, against the embedded server."""

import hashlib
import math
import os
import queue
import time

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton

from slipway.artifact.v1 import artifact_service_pb2 as artifact
from slipway.artifact.v1 import artifact_service_pb2_grpc as artifact_grpc
from slipway.registry.v1 import registry_service_pb2 as registry
from slipway.registry.v1 import registry_service_pb2_grpc as registry_grpc
from slipway.registry.v1 import stage_pb2 as stage
from slipway.serving.v1 import serving_service_pb2 as serving
from slipway.serving.v1 import serving_service_pb2_grpc as serving_grpc
from slipway.serving.v1 import tensor_pb2 as tensor
from slipway.serving.v1 import version_pb2 as version
from slipway.tracking.v1 import metric_pb2 as metric
from slipway.tracking.v1 import tracking_service_pb2 as tracking
from slipway.tracking.v1 import tracking_service_pb2_grpc as tracking_grpc


def test_streamed_metrics_are_acknowledged_and_come_back(channel):
    stub = tracking_grpc.TrackingServiceStub(channel)
    run_id = stub.CreateRun(tracking.CreateRunRequest(experiment_id="0")).info.run_id
    values = [0.5, math.inf, math.nan, -0.25]

    def requests():
        yield tracking.StreamMetricsRequest(open=metric.OpenMetricStream(run_id=run_id, writer_id="python"))
        for step, value in enumerate(values):
            now = int(time.time() * 1000)
            yield tracking.StreamMetricsRequest(
                batch=metric.MetricBatch(
                    seq=step + 1, names=["loss"], step=[step], timestamp_ms=[now], value=[value]
                )
            )

    answers = list(stub.StreamMetrics(requests()))

    assert answers[0].opened.epoch == 1
    assert answers[-1].ack.committed_seq == len(values)
    points = stub.GetMetricHistory(tracking.GetMetricHistoryRequest(run_id=run_id, metric_key="loss")).points
    assert list(points.step) == [0, 1, 2, 3]
    np.testing.assert_array_equal(points.value, values)


def test_a_bad_request_names_the_field(channel):
    stub = tracking_grpc.TrackingServiceStub(channel)

    with pytest.raises(grpc.RpcError) as failure:
        stub.GetRun(tracking.GetRunRequest(run_id="nonsense"))

    assert failure.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "run_id" in failure.value.details()


def upload(stub, path, content):
    chunk = 1 << 20

    def requests():
        yield artifact.UploadRequest(spec=artifact.UploadSpec(path=path))
        for offset in range(0, len(content), chunk):
            yield artifact.UploadRequest(
                chunk=artifact.UploadChunk(offset=offset, data=content[offset : offset + chunk])
            )

    return stub.Upload(requests()).artifact


def download(stub, **source):
    return b"".join(message.chunk.data for message in stub.Download(artifact.DownloadRequest(**source)))


def test_an_uploaded_file_comes_down_byte_for_byte(channel):
    stub = artifact_grpc.ArtifactServiceStub(channel)
    content = os.urandom(3_000_000)
    path = "python/random.bin"

    uploaded = upload(stub, path, content)
    downloaded = download(stub, path=path)

    assert uploaded.sha256 == hashlib.sha256(content).hexdigest()
    assert downloaded == content


def predict_digits(channel, model, rows):
    pixels = np.zeros((rows, 64), dtype="<f4")
    answer = serving_grpc.ServingServiceStub(channel).Predict(
        serving.PredictRequest(
            model=model,
            selector=version.VersionSelector(stage=stage.STAGE_PRODUCTION),
            tensors=tensor.Tensors(
                tensors=[
                    tensor.Tensor(
                        name="pixels", data_type=tensor.DATA_TYPE_FP32, shape=[rows, 64], raw=pixels.tobytes()
                    )
                ]
            ),
        ),
        timeout=60,
    )
    probabilities = np.frombuffer(answer.tensors.tensors[0].raw, dtype="<f4").reshape(rows, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-4)
    return answer.provenance


def test_the_production_version_answers(channel):
    held = registry_grpc.RegistryServiceStub(channel).ResolveVersion(
        registry.ResolveVersionRequest(name="digits", stage=stage.STAGE_PRODUCTION)
    )

    provenance = predict_digits(channel, "digits", rows=2)

    assert provenance.version == held.model_version.version == 2
    assert provenance.package_digest == held.model_version.package_digest


def test_a_model_is_uploaded_registered_promoted_and_predicts(channel):
    models = registry_grpc.RegistryServiceStub(channel)
    artifacts = artifact_grpc.ArtifactServiceStub(channel)
    run = tracking_grpc.TrackingServiceStub(channel).CreateRun(tracking.CreateRunRequest(experiment_id="0")).info
    name = f"python-{run.run_id}"
    held = models.ResolveVersion(registry.ResolveVersionRequest(name="digits", stage=stage.STAGE_PRODUCTION))
    package = artifacts.GetManifest(artifact.GetManifestRequest(digest=held.model_version.package_digest))
    folder = run.artifact_uri.removeprefix("mlflow-artifacts:/") + "/model"
    for file in package.entries:
        upload(artifacts, f"{folder}/{file.path}", download(artifacts, sha256=file.sha256))

    models.CreateRegisteredModel(registry.CreateRegisteredModelRequest(name=name))
    registered = models.CreateModelVersion(
        registry.CreateModelVersionRequest(name=name, source=f"runs:/{run.run_id}/model")
    )
    models.TransitionStage(
        registry.TransitionStageRequest(name=name, version=registered.version, stage=stage.STAGE_PRODUCTION)
    )
    provenance = predict_digits(channel, name, rows=1)

    assert registered.run_id == run.run_id
    assert provenance.package_digest == registered.package_digest


@pytest.mark.parametrize("wanted", ["", "Production", "2", "latest"])
def test_tritonclient_predicts_with_a_stage_as_version(address, wanted):
    client = triton.InferenceServerClient(address)
    pixels = triton.InferInput("pixels", [3, 64], "FP32")
    pixels.set_data_from_numpy(np.full((3, 64), 8, dtype=np.float32))

    result = client.infer("digits", [pixels], model_version=wanted, request_id="r1")

    assert client.is_server_live()
    assert client.is_model_ready("digits", wanted)
    assert result.as_numpy("probabilities").shape == (3, 10)
    assert result.get_response().model_version == "2"
    assert result.get_response().id == "r1"


def test_tritonclient_is_told_what_is_wrong_with_a_shape(address):
    client = triton.InferenceServerClient(address)
    pixels = triton.InferInput("pixels", [1, 63], "FP32")
    pixels.set_data_from_numpy(np.zeros((1, 63), dtype=np.float32))

    with pytest.raises(triton.InferenceServerException, match="pixels") as failure:
        client.infer("digits", [pixels], model_version="Production")

    assert failure.value.status() == "StatusCode.INVALID_ARGUMENT"


def image(pixels=64):
    given = triton.InferInput("pixels", [1, pixels], "FP32")
    given.set_data_from_numpy(np.full((1, pixels), 8, dtype=np.float32))
    return given


def test_a_tritonclient_stream_goes_on_past_a_request_that_fails(address):
    client = triton.InferenceServerClient(address)
    answers = queue.Queue()
    client.start_stream(callback=lambda result, error: answers.put((result, error)))

    for request_id, given in {"first": image(), "bad": image(pixels=63), "last": image()}.items():
        client.async_stream_infer("digits", [given], model_version="Production", request_id=request_id)
    (first, no_error), (no_result, error), (last, none_either) = [answers.get(timeout=60) for _ in range(3)]
    client.stop_stream()

    assert no_error is None and none_either is None and no_result is None
    assert [first.get_response().id, last.get_response().id] == ["first", "last"]
    assert last.as_numpy("probabilities").shape == (1, 10)
    assert "pixels" in error.message()


def test_tritonclient_reads_the_config(address):
    config = triton.InferenceServerClient(address).get_model_config("digits", "Production").config

    assert config.name == "digits"
    assert config.platform == "xgboost_ubj"
    assert [(given.name, list(given.dims)) for given in config.input] == [("pixels", [64])]
    assert config.max_batch_size > 1


def test_tritonclient_reads_statistics_that_count_its_requests(address):
    client = triton.InferenceServerClient(address)
    before = client.get_inference_statistics("digits", "2").model_stats[0]

    client.infer("digits", [image()], model_version="2")

    after = client.get_inference_statistics("digits", "2").model_stats[0]
    assert (after.name, after.version) == ("digits", "2")
    assert after.inference_count == before.inference_count + 1
    assert after.inference_stats.success.count == before.inference_stats.success.count + 1
    assert after.inference_stats.success.ns > before.inference_stats.success.ns


def state(client, version):
    index = client.get_model_repository_index().models
    return {model.version: model.state for model in index if model.name == "digits"}[version]


def test_tritonclient_lists_unloads_and_loads(address):
    client = triton.InferenceServerClient(address)
    client.infer("digits", [image()], model_version="Production")
    assert state(client, "2") == "READY"

    client.unload_model("digits")
    client.load_model("digits")

    assert state(client, "2") == "READY"
    assert client.is_model_ready("digits", "2")
    result = client.infer("digits", [image()], model_version="Production")
    assert result.get_response().model_version == "2"
    with pytest.raises(triton.InferenceServerException, match="nowhere"):
        client.load_model("nowhere")
    with pytest.raises(triton.InferenceServerException, match="config"):
        client.load_model("digits", config="{}")

"""tritonclient as it is, over HTTP."""

import numpy as np
import pytest
import tritonclient.http as triton


@pytest.fixture
def client(http_address):
    with triton.InferenceServerClient(http_address.removeprefix("http://")) as client:
        yield client


def image(rows, binary, pixels=64):
    given = triton.InferInput("pixels", [rows, pixels], "FP32")
    given.set_data_from_numpy(np.full((rows, pixels), 8, dtype=np.float32), binary_data=binary)
    return given


@pytest.mark.parametrize("binary_input", [True, False])
@pytest.mark.parametrize("binary_output", [True, False])
def test_a_stage_answers_in_json_and_in_binary(client, binary_input, binary_output):
    wanted = triton.InferRequestedOutput("probabilities", binary_data=binary_output)

    result = client.infer(
        "digits", [image(3, binary_input)], model_version="Production", outputs=[wanted], request_id="r1"
    )

    answer = result.get_response()
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("r1", "digits", "2")
    np.testing.assert_allclose(result.as_numpy("probabilities").sum(axis=1), [1, 1, 1], rtol=1e-4)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_requests_and_answers_may_be_compressed(client, algorithm):
    result = client.infer(
        "digits",
        [image(50, binary=True)],
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )

    assert result.as_numpy("probabilities").shape == (50, 10)


def test_many_requests_at_once_are_answered_each(http_address):
    with triton.InferenceServerClient(http_address.removeprefix("http://"), concurrency=8) as client:
        pending = [client.async_infer("digits", [image(rows, binary=True)]) for rows in range(1, 33)]
        shapes = [answer.get_result(timeout=60).as_numpy("probabilities").shape for answer in pending]

    assert shapes == [(rows, 10) for rows in range(1, 33)]


def test_a_wrong_shape_names_the_input(client):
    with pytest.raises(triton.InferenceServerException, match="pixels") as failure:
        client.infer("digits", [image(1, binary=True, pixels=63)])

    assert failure.value.status() == "400"


def test_an_unknown_model_is_404(client):
    with pytest.raises(triton.InferenceServerException) as failure:
        client.get_model_metadata("nobody")

    assert failure.value.status() == "404"


def test_what_is_there_is_described(client):
    assert client.is_server_live()
    assert client.is_model_ready("digits", "Production")
    assert client.get_server_metadata()["name"]
    metadata = client.get_model_metadata("digits", "Production")
    assert metadata["inputs"] == [{"name": "pixels", "datatype": "FP32", "shape": [-1, 64]}]
    config = client.get_model_config("digits", "2")
    assert config["name"] == "digits" and config["max_batch_size"] > 0
    stats = client.get_inference_statistics("digits", "2")["model_stats"]
    assert [(known["name"], known["version"]) for known in stats] == [("digits", "2")]


def test_the_repository_loads_and_is_listed(client):
    client.load_model("digits")

    index = {(known["name"], known["version"]): known["state"] for known in client.get_model_repository_index()}
    assert index["digits", "2"] == "READY"

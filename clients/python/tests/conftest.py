"""Against the server that clients/with-server starts."""

import os

import grpc
import pytest
import tritonclient.grpc as triton


def environment(name):
    if name not in os.environ:
        pytest.exit(f"{name} is not set: run this as clients/with-server python -m pytest clients/python", returncode=2)
    return os.environ[name]


@pytest.fixture(scope="session")
def address():
    """Where gRPC answers."""
    return environment("SLIPWAY_GRPC")


@pytest.fixture(scope="session", autouse=True)
def ready(address):
    """First of all: one of the tests promotes a version that cannot load, and the server is not ready then."""
    assert triton.InferenceServerClient(address).is_server_ready()


@pytest.fixture(scope="session")
def http_address():
    """Where MLflow clients are pointed at."""
    return environment("SLIPWAY_HTTP")


@pytest.fixture(scope="session")
def channel(address):
    with grpc.insecure_channel(address) as channel:
        yield channel

"""Runs the real thing: quickstart fills a data folder, then the embedded server opens it."""

import os
import re
import subprocess
from pathlib import Path

import grpc
import pytest
import tritonclient.grpc as triton

ROOT = Path(__file__).resolve().parents[3]
READY_TIMEOUT_SECONDS = 60


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("slipway") / "data"
    environment = {**os.environ, "SLIPWAY_NO_BUILD": "1"}
    subprocess.run([ROOT / "slipway", "quickstart", "--data-dir", data], env=environment, check=True, timeout=300)
    process = subprocess.Popen(
        [ROOT / "slipway", "server", "--data-dir", data, "--port", "0", "--admin-port", "0", "--http-port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        match = re.search(r"ready on (\S+:\d+), (http://\S+:\d+), metrics", line)
        assert match, f"the server said {line!r}"
        # Here and not in a test: one of them promotes a version that cannot load, and the server is not ready then.
        assert triton.InferenceServerClient(match.group(1)).is_server_ready()
        yield {"grpc": match.group(1), "http": match.group(2)}
    finally:
        process.terminate()
        assert process.wait(timeout=READY_TIMEOUT_SECONDS) == 143, "the server stops cleanly on SIGTERM"


@pytest.fixture(scope="session")
def address(server):
    """Where gRPC answers."""
    return server["grpc"]


@pytest.fixture(scope="session")
def http_address(server):
    """Where MLflow clients are pointed at."""
    return server["http"]


@pytest.fixture(scope="session")
def channel(address):
    with grpc.insecure_channel(address) as channel:
        yield channel

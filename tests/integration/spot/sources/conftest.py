"""The metadata services of the stand-in cloud's tests, and moto as AWS on the loopback.

Whoever speaks to them is in the group "sources", in one process of several: each would start its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from tests.integration.localcluster.cloud.conftest import announced, mock, mock_program, serve

__all__ = ["announced", "mock", "mock_program", "serve"]

REGION = "us-east-1"
IMAGE = "ami-12c6146b"


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def aws(moto: str) -> Iterator[str]:
    """moto's address, and credentials that are good for nothing else."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("NO_PROXY", "127.0.0.1")
        yield moto

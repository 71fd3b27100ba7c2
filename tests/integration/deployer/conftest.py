"""A real API server for the deployer's tests; it has no nodes, so a test plays the kubelet where it must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.kube import Kube, connection
from tests.integration.apiserver import running_api_server
from tests.integration.deployer.kubelet import DEADLINE_SECONDS


@pytest.fixture(scope="session")
def api_server() -> Iterator[Path]:
    """Its kubeconfig."""
    with running_api_server() as kubeconfig:
        yield kubeconfig


@pytest.fixture
def kube(api_server: Path, monkeypatch: pytest.MonkeyPatch) -> Kube:
    monkeypatch.setenv("KUBECONFIG", str(api_server))
    # On a busy machine an answer may take long: how long one is waited for is not what these tests are about.
    monkeypatch.setattr(connection, "CONNECT_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setattr(connection, "READ_SECONDS", DEADLINE_SECONDS)
    return Kube.from_environment()

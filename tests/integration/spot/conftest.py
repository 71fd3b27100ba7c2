"""A control plane whose kubelets are played, a stage for each test, and the controller in this process."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import pytest
from kubernetes.client import Configuration
from kubernetes.config import load_kube_config

from spot.controller.program import Controller
from spot.errors import Conflict
from spot.kube import Connection
from spot.settings import ControllerSettings
from tests.integration.apiserver import ControlPlane, running_control_plane
from tests.integration.spot.played_kubelets import PlayedKubelets
from tests.integration.spot.played_portal import PlayedPortal, running_portal
from tests.integration.spot.stage import HANDLER, Stage

Led = Callable[..., AbstractContextManager[Controller]]


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    with running_control_plane(scheduler=True) as plane:
        with suppress(Conflict):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HANDLER}}
            patient(plane).call("POST", "/api/v1/namespaces", body=body)
        yield plane


class Patient(Connection):
    """A test's own requests, which wait for an API server that is slow: a controller's do not."""

    def call(self, method: str, path: str, **given: Any) -> Any:
        return super().call(method, path, **{"attempts": 30, "read_seconds": 200.0, **given})


def connect(plane: ControlPlane) -> Connection:
    """As a controller does."""
    return Connection(_configuration(plane))


def patient(plane: ControlPlane) -> Patient:
    return Patient(_configuration(plane))


def _configuration(plane: ControlPlane) -> Configuration:
    configuration = Configuration()
    load_kube_config(config_file=str(plane.kubeconfig), client_configuration=configuration)
    return configuration


@pytest.fixture(scope="session")
def kubelets(plane: ControlPlane) -> Iterator[PlayedKubelets]:
    kubelets = PlayedKubelets(patient(plane))
    yield kubelets
    kubelets.stop()


@pytest.fixture
def stage(plane: ControlPlane, kubelets: PlayedKubelets, request: pytest.FixtureRequest) -> Iterator[Stage]:
    slug = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:30].strip("-")
    stage = Stage(patient(plane), kubelets, f"club-{slug}-{uuid.uuid4().hex[:5]}")
    stage.forget_earlier_records()
    yield stage
    for node in stage.instances:
        stage.lose(node)
    stage.delete(f"/api/v1/namespaces/{stage.namespace}")


@pytest.fixture(scope="session")
def portal() -> Iterator[PlayedPortal]:
    with running_portal() as portal:
        yield portal


@pytest.fixture
def led(plane: ControlPlane, portal: PlayedPortal) -> Led:
    """Starts a controller in this process, which leads while the block runs; its settings may be given."""

    @contextmanager
    def led(connection: Connection | None = None, **given: Any) -> Iterator[Controller]:
        stopped = threading.Event()
        controller = Controller(quick(portal, **given), connection or connect(plane), stopped)
        thread = threading.Thread(target=controller.run, name="controller", daemon=True)
        thread.start()
        try:
            yield controller
        finally:
            stopped.set()
            thread.join(300)
            assert not thread.is_alive(), "the controller does not end"

    return led


@pytest.fixture
def controller(led: Led) -> Iterator[Controller]:
    with led() as controller:
        yield controller


def quick(portal: PlayedPortal, **given: Any) -> ControllerSettings:
    """Settings with short times: what they are is not what is tested."""
    times = {"unserve_seconds": 0.5, "settle_seconds": 0.5, "linger_seconds": 0.5, "build_margin_seconds": 5}
    # No node is opened without its agent because a test takes its time.
    waits = {"agent_patience_seconds": 3600}
    where = {"report_url": portal.url, "report_key": "for tests alone", "controller_port": 0}
    return ControllerSettings(**(times | waits | where | given))

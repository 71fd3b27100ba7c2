"""`python -m spot agent` as a process, with a real API server and the stand-in metadata service."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from localcluster.cloud import announcements, lifecycle
from localcluster.cloud.record import CloudInstance, EventCode, MachineRun
from localcluster.instance import Capacity, Node
from spot.errors import Missing
from spot.interruption import Kind, Notice
from spot.kube import Connection
from spot.names import METADATA
from spot.sources.annotation import decode, notices
from tests.integration.apiserver import running_api_server
from tests.integration.localcluster.cloud.conftest import Service
from tests.integration.redis_server import free_port

pytestmark = pytest.mark.xdist_group("sources")
PATIENCE_SECONDS = 300.0
NODE = "/api/v1/nodes/spot-1"
Serve = Callable[[Callable[[], CloudInstance]], Service]


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[Path]:
    with running_api_server() as kubeconfig:
        yield kubeconfig


@pytest.fixture
def api(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    return Connection.from_environment()


@dataclass
class Machine:
    """The instance under the node, and its agent."""

    api: Connection
    instance: CloudInstance
    process: subprocess.Popen[str]
    url: str

    def told(self) -> dict[Kind, Notice]:
        """What the node's annotation says now."""
        try:
            annotations = self.api.call("GET", NODE)["metadata"].get("annotations") or {}
        except Missing:
            return {}
        said = notices(annotations.get(METADATA, ""), "spot-1", datetime.now(UTC))
        return {notice.kind: notice for notice in said}

    def seen(self) -> bool:
        annotations = self.api.call("GET", NODE)["metadata"].get("annotations") or {}
        seen = decode(annotations.get(METADATA, ""))
        return seen is not None and seen.instance_id == self.instance.instance_id

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, trust_env=False, timeout=PATIENCE_SECONDS)


def node() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "spot-1"}}


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, "the agent has ended"
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def machine(api: Connection, kubeconfig: Path, serve: Serve, tmp_path: Path) -> Iterator[Machine]:
    place = Node("spot-1", 9, Capacity.SPOT, "local-a", 3 << 30)
    launched = lifecycle.launch(place, datetime.now(UTC), MachineRun(pid=1, start=1, boot="boot"))
    instance = lifecycle.ready(launched)
    port = free_port()
    service = serve(lambda: machine.instance)
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "MADANG_SPOT_NODE_NAME": "spot-1",
        "MADANG_SPOT_METADATA_URL": service.url,
        "MADANG_SPOT_AGENT_PORT": str(port),
        "MADANG_SPOT_METADATA_TIMEOUT_SECONDS": "30",
        "MADANG_SPOT_POLL_SECONDS": "0.1",
    }
    api.call("POST", "/api/v1/nodes", body=node())
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "spot", "agent"], env=environment, stderr=log, text=True
        )
    machine = Machine(api, instance, process, f"http://127.0.0.1:{port}")
    try:
        until(machine.seen, process)
        yield machine
    finally:
        process.kill()
        process.wait()
        api.call("DELETE", NODE)


def test_an_announcement_comes_to_the_node_and_what_is_called_off_too(machine: Machine) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    assert machine.told() == {}
    machine.instance = announcements.recommend_rebalance(machine.instance, now)
    until(lambda: Kind.REBALANCE in machine.told(), machine.process)
    assert machine.told()[Kind.REBALANCE].noticed_at == now
    machine.instance = announcements.call_off(machine.instance)
    until(lambda: machine.told()[Kind.REBALANCE].called_off, machine.process)
    machine.instance = announcements.announce_reclaim(machine.instance, now, 120)
    until(lambda: Kind.SPOT_INTERRUPTION in machine.told(), machine.process)
    assert machine.told()[Kind.SPOT_INTERRUPTION].deadline == now + timedelta(seconds=120)


def test_a_maintenance_comes_to_the_node_at_each_date_that_it_is_given(machine: Machine) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    event, code = "instance-event-0123456789abcdef0", EventCode.SYSTEM_REBOOT

    def deadline() -> datetime | None:
        told = machine.told().get(Kind.MAINTENANCE)
        return told.deadline if told else None

    machine.instance = announcements.schedule_maintenance(machine.instance, now, event, code, 600)
    until(lambda: deadline() == now + timedelta(seconds=600), machine.process)
    machine.instance = announcements.put_off_maintenance(machine.instance, now, 7200)
    until(lambda: deadline() == now + timedelta(seconds=7200), machine.process)
    assert not machine.told()[Kind.MAINTENANCE].called_off
    machine.instance = announcements.call_off(machine.instance)
    until(lambda: machine.told()[Kind.MAINTENANCE].called_off, machine.process)


def test_a_node_made_anew_is_annotated_after_a_notice(machine: Machine) -> None:
    machine.api.call("DELETE", NODE)
    machine.instance = announcements.announce_reclaim(machine.instance, datetime.now(UTC), 120)
    until(
        lambda: machine.get("/metrics").text.count('troubles_total{what="write"} 0.0') == 0, machine.process
    )
    machine.api.call("POST", "/api/v1/nodes", body=node())
    until(lambda: Kind.SPOT_INTERRUPTION in machine.told(), machine.process)


def test_it_says_that_it_is_well(machine: Machine) -> None:
    until(lambda: machine.get("/readyz").status_code == 200, machine.process)
    until(lambda: machine.get("/healthz").status_code == 200, machine.process)
    assert machine.get("/nothing").status_code == 404
    assert "madang_spot_agent_last_read_timestamp_seconds" in machine.get("/metrics").text


def test_it_ends_when_it_is_told_to(machine: Machine) -> None:
    machine.process.send_signal(signal.SIGTERM)
    assert machine.process.wait(PATIENCE_SECONDS) == 0


def test_without_a_node_it_says_which_setting_is_missing() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MADANG_SPOT_NODE_NAME"}
    ended = subprocess.run(
        [sys.executable, "-m", "spot", "agent"], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "MADANG_SPOT_NODE_NAME" in ended.stderr

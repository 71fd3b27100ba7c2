"""A stand-in cloud's door, an ingress controller with projects behind it, and a fleet of one spot node."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
import uvicorn
from django.conf import settings
from portal import cluster as the_cluster
from portal.drills import ending, local, prober, running
from portal.projects.models import Project
from pydantic import SecretStr

from deployer.fleet import Fleet, read_fleet_pod, read_node
from deployer.fleet.fleet import fleet_of
from localcluster.cloud import lifecycle
from localcluster.cloud.door import door_application
from localcluster.cloud.keeper import Keeper
from localcluster.cloud.record import CloudInstance
from localcluster.instance import Capacity, Node
from tests.integration.portal.scene import ScriptedCluster, push, some_project, work
from tests.unit.deployer.test_fleet_read import raw_node, raw_pod


class Ingress(ThreadingHTTPServer):
    """Answers each host but those in `down`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.down: set[str] = set()
        self.asked: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def wait_asked(self, host: str, times: int = 5) -> None:
        """Until visitors have come so often from now on."""
        until = self.asked.get(host, 0) + times
        while self.asked.get(host, 0) < until:
            time.sleep(0.05)


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        ingress, host = cast("Ingress", self.server), str(self.headers["Host"])
        ingress.asked[host] = ingress.asked.get(host, 0) + 1
        self.send_response(503 if host in ingress.down else 200)
        self.send_header("X-Served-By", "madang")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Place:
    """A keeper's place, without its machine. `taken` is called when its end is announced."""

    def __init__(self) -> None:
        node = Node("spot-1", 9, Capacity.SPOT, "local-a", 3 << 30)
        machine = cast("Any", None)
        self.record: CloudInstance = lifecycle.ready(lifecycle.launch(node, datetime.now(UTC), machine))
        self.orders = 0
        self.taken: Callable[[], None] = lambda: None

    def change(self, change: Callable[[CloudInstance], CloudInstance]) -> CloudInstance:
        self.orders += 1
        self.record = change(self.record)
        threading.Thread(target=self.taken, daemon=True).start()
        return self.record


@pytest.fixture
def ingress() -> Iterator[Ingress]:
    server = Ingress()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def place() -> Iterator[Place]:
    yield Place()


@pytest.fixture
def door(place: Place) -> Iterator[str]:
    application = door_application({"spot-1": cast("Keeper", place)}, lambda: "open")
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    made = some_project()
    push(made)
    work()
    return made


@pytest.fixture
def fleet(place: Place, project: Project) -> Fleet:
    """One spot node with one pod of the project."""
    node = raw_node("spot-1") | {"spec": {"providerID": place.record.provider_id}}
    pod = raw_pod("site-1", "spot-1", project.slug)
    pod["metadata"]["labels"]["madang.dev/club"] = project.club.slug
    return fleet_of([read_node(node)], [read_fleet_pod(pod)], {})


@pytest.fixture
def drills(ingress: Ingress, door: str, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drills are on, and quick; what is asked is waited for."""
    changes = {
        "drills": "local",
        "drill_url": door,
        "drill_token": SecretStr("open"),
        "ingress_probe_url": ingress.url,
    }
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update=changes))
    monkeypatch.setattr(the_cluster, "read_fleet", lambda: fleet)
    monkeypatch.setattr(running, "BEFORE_SECONDS", 0.5)
    monkeypatch.setattr(running, "BEFORE_MOST_SECONDS", 240.0)
    monkeypatch.setattr(prober, "TIMEOUT_SECONDS", 240.0)
    monkeypatch.setattr(local, "TIMEOUT_SECONDS", 240.0)
    monkeypatch.setattr(running, "WRITE_SECONDS", 0.1)
    monkeypatch.setattr(running, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(ending, "SETTLE", timedelta(0))

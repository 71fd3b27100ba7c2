"""Our metadata service and Amazon's own mock of it, side by side on the loopback, with the same values."""

import asyncio
import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from localcluster.cloud import announcements, lifecycle
from localcluster.cloud.documents import answer
from localcluster.cloud.metadata import metadata_application
from localcluster.cloud.record import CloudInstance, EventCode, MachineRun, zulu
from localcluster.cloud.serving import Served
from localcluster.instance import Capacity, Instance, Node
from localcluster.lock import held
from localcluster.programs import toolchain
from tests.integration.mortal import start_mortal
from tests.integration.redis_server import free_port

MODULE = Path(__file__).parent / "mock"
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Service:
    """A metadata service at `url`."""

    url: str

    def token(self, ttl: str | None = "21600", method: str = "PUT") -> httpx.Response:
        headers = {} if ttl is None else {"X-aws-ec2-metadata-token-ttl-seconds": ttl}
        return self._send(method, "/latest/api/token", headers)

    def get(self, path: str, token: str | None = None, method: str = "GET") -> httpx.Response:
        return self._send(method, path, {"X-aws-ec2-metadata-token": token} if token else {})

    def _send(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        return httpx.request(
            method, self.url + path, headers=headers, trust_env=False, timeout=PATIENCE_SECONDS
        )


@pytest.fixture(scope="session")
def announced() -> CloudInstance:
    """A spot instance for which everything is announced that can be."""
    now = datetime.now(UTC).replace(microsecond=0)
    node = Node("spot-1", 9, Capacity.SPOT, "local-a", 3 << 30)
    instance = lifecycle.launch(node, now, MachineRun(pid=1, start=1, boot="boot"))
    instance = announcements.announce_reclaim(instance, now, 3600)
    instance = announcements.recommend_rebalance(instance, now)
    event = "instance-event-0123456789abcdef0"
    instance = announcements.schedule_maintenance(instance, now, event, EventCode.SYSTEM_REBOOT, 86_400)
    return lifecycle.ready(instance)


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Callable[[], CloudInstance]], Service]]:
    """Serve whatever instance the function gives, on a free port, until the tests end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running: list[Served] = []

    def start(current: Callable[[], CloudInstance]) -> Service:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)

        async def begin() -> None:
            running.append(Served(metadata_application(current), listener))

        asyncio.run_coroutine_threadsafe(begin(), loop).result()
        return Service(f"http://127.0.0.1:{listener.getsockname()[1]}")

    yield start
    for served in running:
        asyncio.run_coroutine_threadsafe(served.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def mock_program() -> Path:
    """Amazon's mock, compiled once into the cache."""
    cache = Instance.from_environment().cache
    go = toolchain.find(cache, print)
    inputs = b"".join((MODULE / name).read_bytes() for name in ("go.mod", "go.sum")) + go.version.encode()
    folder = cache / "metadata-mock" / hashlib.sha256(inputs).hexdigest()[:16]
    with held(folder.parent / "lock"):
        if not folder.exists():
            fresh = folder.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            command = [
                str(go.go),
                "build",
                "-trimpath",
                "-mod=readonly",
                "-ldflags",
                "-s -w",
                "-o",
                f"{fresh}/",
                "tool",
            ]
            fresh.mkdir(parents=True)
            subprocess.run(command, cwd=MODULE, env={**go.environment(), "CGO_ENABLED": "0"}, check=True)
            fresh.rename(folder)
    return folder / "ec2-metadata-mock"


@pytest.fixture(scope="session")
def mock(
    mock_program: Path, announced: CloudInstance, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The mock, told to have the same values as `announced`."""
    home = tmp_path_factory.mktemp("mock")
    config = home / "config.json"
    config.write_text(json.dumps(mock_settings(announced)))
    port = free_port()
    command = [
        mock_program,
        "--config-file",
        config,
        "--imdsv2",
        "--hostname",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with (home / "log").open("wb") as log:
        process = start_mortal(command, environment={**os.environ, "HOME": str(home)}, log=log)
    service = Service(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                service.token()
                break
            except httpx.TransportError:
                assert process.poll() is None, (home / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield service
    finally:
        process.kill()
        process.wait()


def mock_settings(instance: CloudInstance) -> dict[str, object]:
    """The mock's configuration file for this instance. Its own clock is past every delay."""
    assert instance.notice
    assert instance.rebalance_at
    (event,) = instance.maintenance
    identity = json.loads(answer(instance, "/latest/dynamic/instance-identity/document").body)
    return {
        "mock-ip-count": -1,
        "asg-termination-trigger-time": zulu(datetime.now(UTC) + timedelta(days=1)),
        "metadata": {
            "values": {
                "event-id": event.event_id,
                "hostname": instance.node,
                "instance-id": instance.instance_id,
                "instance-life-cycle": instance.life_cycle.value,
                "instance-type": instance.instance_type,
                "local-hostname": instance.node,
                "local-ipv4": instance.address,
                "mac": instance.hardware_address,
                "placement-availability-zone": instance.zone,
                "placement-region": instance.region,
            }
        },
        "dynamic": {"values": {"instance-identity-document": identity}},
        "spot": {
            "action": instance.notice.action.value,
            "time": zulu(instance.notice.deadline),
            "rebalance-rec-time": zulu(instance.rebalance_at),
        },
        "events": {
            "code": event.code.value,
            "state": event.state.value,
            "not-before": zulu(event.not_before),
            "not-after": zulu(event.not_after),
            "not-before-deadline": zulu(event.not_after),
        },
    }

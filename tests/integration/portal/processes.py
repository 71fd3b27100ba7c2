"""The platform's programs as processes of their own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import httpx

from tests.integration.mortal import start_mortal
from tests.integration.redis_server import free_port

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 400
T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str = "it") -> T:
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.05)


class Process:
    """A program with its log; `end` asks it to stop and gives its exit status."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        path = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
        with log.open("ab") as out:
            self.process = start_mortal(
                words, environment={**os.environ, "PYTHONPATH": path, **environment}, log=out
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """As a machine that is gone."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def alive(self) -> None:
        assert self.process.poll() is None, self.said()[-3000:]


class Portal(Process):
    """The portal as the chart runs it; `ingress_url` is the ingress controller's port, `absence_url` its one
    for addresses where no project is."""

    def __init__(self, environment: Mapping[str, str], log: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        ingress_port, self.absence_port = free_port(), free_port()
        self.ingress_url = f"http://127.0.0.1:{ingress_port}"
        self.absence_url = f"http://127.0.0.1:{self.absence_port}"
        words = [sys.executable, "-m", "portal.serving", "portal.asgi:application", "--host=127.0.0.1"]
        ports = [
            f"--port={self.port}",
            f"--ingress-port={ingress_port}",
            f"--absence-port={self.absence_port}",
        ]
        super().__init__([*words, *ports], environment, log)

        def ready() -> bool:
            self.alive()
            try:
                return httpx.get(f"{self.url}/readyz", timeout=30).status_code == 200
            except httpx.TransportError:
                return False

        try:
            eventually(ready, "a ready portal")
        except BaseException:
            self.kill()
            raise


class Worker(Process):
    """A Celery worker of one queue."""

    def __init__(self, queue: str, environment: Mapping[str, str], log: Path) -> None:
        words = [sys.executable, "-m", "celery", "--app=portal", "worker", f"--queues={queue}"]
        super().__init__(
            [*words, "--without-gossip", "--without-mingle", "--loglevel=INFO"], environment, log
        )

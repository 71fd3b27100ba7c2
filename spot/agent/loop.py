"""The agent's loop: look, write what has changed, wait. No trouble ends it."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from spot import times
from spot.agent.looking import Service, look
from spot.agent.metrics import AgentMetrics
from spot.agent.node import OwnNode
from spot.backoff import pause_seconds
from spot.errors import SpotError
from spot.kube import Connection
from spot.serving import serve
from spot.settings import AgentSettings
from spot.sources.annotation import decode, encode
from spot.sources.imds import MetadataService
from spot.sources.seen import Seen, succeed

log = logging.getLogger(__name__)

# A spot notice leaves 120 s: a longest pause above this would eat too much of it.
LONGEST_PAUSE_SECONDS = 5.0


def run(settings: AgentSettings) -> None:
    """Watch this node's metadata service until SIGTERM or SIGINT. Raises PermanentError without a cluster."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    metrics = AgentMetrics()
    service = MetadataService(settings.metadata_url, settings.metadata_timeout_seconds)
    agent = Agent(service, OwnNode(Connection.from_environment(), settings.node_name), settings, metrics)
    with serve(settings.agent_port, metrics.registry, {"/healthz": metrics.alive, "/readyz": metrics.ready}):
        log.info("watching %s for node %s", settings.metadata_url, settings.node_name)
        while not stopped.wait(agent.step()):
            pass
    service.close()


@dataclass
class Agent:
    """What one node's agent knows. `clock` in seconds, for durations only."""

    service: Service
    node: OwnNode
    settings: AgentSettings
    metrics: AgentMetrics
    now: Callable[[], datetime] = times.now
    clock: Callable[[], float] = time.monotonic
    _seen: Seen | None = None
    _recalled: bool = False
    _written: str | None = None
    _write_at: float = 0.0
    _read_failures: int = 0
    _write_failures: int = 0
    _told: dict[str, str] = field(default_factory=dict)

    def step(self) -> float:
        """Look once and write what is to be written. The seconds until the next step; never raises."""
        read = self._guarded("read", self._look)
        self._read_failures = 0 if read else self._read_failures + 1
        if self._seen is not None and (self._write_at <= self.clock() or not self._write_failures):
            wrote = self._guarded("write", self._write)
            self._write_failures = 0 if wrote else self._write_failures + 1
            if not wrote:
                self._write_at = self.clock() + self._pause_seconds(self._write_failures)
        self.metrics.stepped()
        return self._pause_seconds(self._read_failures) if self._read_failures else self.settings.poll_seconds

    def _look(self) -> None:
        sight = look(self.service, self._seen, self.now())
        self._seen = sight.seen
        self._tell("part", "; ".join(sight.troubles))
        if not sight.troubles:
            self.metrics.read_well()

    def _write(self) -> None:
        if self._seen is None:
            return
        if not self._recalled:
            # What an agent before this one saw, and is no more, must be told as over.
            self._seen = succeed(decode(self.node.annotation() or ""), self._seen, self.now())
            self._recalled = True
        value = encode(self._seen)
        if value != self._written or self._write_at <= self.clock():
            self.node.annotate(value)
            self._written, self._write_at = value, self.clock() + self.settings.rewrite_seconds
        self.metrics.written_well()

    def _guarded(self, what: str, do: Callable[[], None]) -> bool:
        """Whether it went well. Whatever goes wrong is said once, counted, and tried again."""
        try:
            do()
        except SpotError as error:
            self._tell(what, str(error))
        except Exception as error:
            log.exception("unexpected trouble: %s", what)
            self._tell(what, type(error).__name__)
        else:
            self._tell(what, "")
            return True
        return False

    def _tell(self, what: str, trouble: str) -> None:
        """A trouble that stays the same for hours is one line in the log, and a counter that grows."""
        if trouble:
            self.metrics.troubles.labels(what).inc()
        if trouble != self._told.get(what, ""):
            log.warning("%s: %s", what, trouble) if trouble else log.info("%s: well again", what)
        self._told[what] = trouble

    def _pause_seconds(self, failures: int) -> float:
        return pause_seconds(failures, self.settings.poll_seconds, LONGEST_PAUSE_SECONDS)

"""What the agent tells Prometheus and the kubelet."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

SILENT_SECONDS = 60.0
"""An agent that has not come round for so long hangs; no timeout of its own is as long."""
STALE_SECONDS = 30.0


class AgentMetrics:
    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.registry = CollectorRegistry()
        self.last_read = Gauge(
            "madang_spot_agent_last_read_timestamp_seconds",
            "When the metadata service was last read as a whole.",
            registry=self.registry,
        )
        self.last_written = Gauge(
            "madang_spot_agent_last_written_timestamp_seconds",
            "When the Node's annotation was last known to say what was read.",
            registry=self.registry,
        )
        self.troubles = Counter(
            "madang_spot_agent_troubles",
            "Reads of the metadata service that failed (read: all of it, part: some), and writes.",
            ["what"],
            registry=self.registry,
        )
        for what in ("read", "part", "write"):
            self.troubles.labels(what)
        self._read_at = self._written_at = -math.inf
        self._stepped_at = clock()

    def stepped(self) -> None:
        self._stepped_at = self._clock()

    def read_well(self) -> None:
        self._read_at = self._clock()
        self.last_read.set(self._read_at)

    def written_well(self) -> None:
        self._written_at = self._clock()
        self.last_written.set(self._written_at)

    def alive(self) -> bool:
        """The loop goes round. A metadata service in trouble is no reason to start the agent again."""
        return self._clock() - self._stepped_at < SILENT_SECONDS

    def ready(self) -> bool:
        """What the node's metadata service says is on the Node now."""
        return self._clock() - min(self._read_at, self._written_at) < STALE_SECONDS

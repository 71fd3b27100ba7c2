"""What the queue's reader tells Prometheus."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from spot.messages import Reading


class QueueMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Counter(
            "madang_spot_queue_messages",
            "Messages by kind and by what they said: notice, nothing, or malformed.",
            ["kind", "said"],
            registry=registry,
        )
        self.failures = Counter(
            "madang_spot_queue_failures",
            "Reads of the queue that failed (receive), and messages whose effect failed (deliver).",
            ["what"],
            registry=registry,
        )
        self._last = Gauge(
            "madang_spot_queue_last_receive_timestamp_seconds",
            "When the queue last answered, with messages or without.",
            registry=registry,
        )
        for what in ("receive", "deliver"):
            self.failures.labels(what)

    def count(self, reading: Reading) -> None:
        said = "malformed" if reading.problem else "notice" if reading.notices else "nothing"
        self.messages.labels(reading.kind, said).inc()

    def received(self, at: datetime) -> None:
        self._last.set(at.timestamp())

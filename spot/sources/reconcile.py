"""What EC2 describes, slowly: the notices that no message and no node has told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from spot import times
from spot.backoff import pause_seconds
from spot.cloud.ec2 import Ec2
from spot.cloud.words import ENDED, ENDING, is_over
from spot.errors import SpotError
from spot.interruption import Kind, Notice

log = logging.getLogger(__name__)

SOURCE = "ec2"
FIRST_PAUSE_SECONDS = 5.0
_Key = tuple[str, Kind, str, bool]


class Reconcile:
    """Compares the cluster's instances with what EC2 says of them.

    An instance that EC2 does not know counts as gone only when two reads in a row say so: it may not know a
    new one yet.
    """

    def __init__(self, ec2: Ec2, registry: CollectorRegistry) -> None:
        self._ec2 = ec2
        self._unknown: frozenset[str] = frozenset()
        self._since: dict[_Key, datetime] = {}
        self._failures = Counter(
            "madang_spot_reconcile_failures", "Reads of EC2 that failed.", registry=registry
        )
        self._last = Gauge(
            "madang_spot_reconcile_last_timestamp_seconds",
            "When EC2 was last read as a whole.",
            registry=registry,
        )

    def read(self, instance_ids: Iterable[str]) -> tuple[Notice, ...]:
        """What is to be said of these instances. Raises TemporaryError or PermanentError."""
        return tuple(chain.from_iterable(self._parts(instance_ids)))

    def _parts(self, instance_ids: Iterable[str]) -> Iterator[tuple[Notice, ...]]:
        """First what ends or has ended, which needs no answer about scheduled events."""
        at = times.now()
        states = self._ec2.states(instance_ids)
        unknown = frozenset(each for each, state in states.items() if state is None)
        gone = self._unknown = unknown & self._unknown
        running = [each for each, state in states.items() if state == "running"]
        yield self._aged(Kind.STOPPING, state_notices(states, gone, at), at)
        yield self._aged(Kind.MAINTENANCE, event_notices(self._ec2.events(running), at), at)
        # Not before: after trouble the next read comes in seconds, which a new instance may need to be known.
        self._unknown = unknown
        self._last.set(at.timestamp())

    def _aged(self, kind: Kind, notices: Iterable[Notice], at: datetime) -> tuple[Notice, ...]:
        """All of a kind. One that was read before was noticed then: told again, it is not a new one."""
        told = tuple(notices)
        since = {key: self._since.get(key, at) for key in map(_key, told)}
        self._since = {key: first for key, first in self._since.items() if key[1] is not kind} | since
        return tuple(replace(notice, noticed_at=since[_key(notice)]) for notice in told)

    def follow(
        self,
        instance_ids: Callable[[], Iterable[str]],
        deliver: Callable[[Sequence[Notice]], None],
        stopped: threading.Event,
        interval_seconds: float = 60.0,
    ) -> None:
        """Read until `stopped`, for a thread of its own. No trouble ends it; it comes sooner after one."""
        failures, pause = 0, 0.0
        while not stopped.wait(pause):
            try:
                for notices in self._parts(instance_ids()):
                    if notices:
                        deliver(notices)
                failures, pause = 0, interval_seconds
            except Exception as error:
                failures += 1
                pause = pause_seconds(failures, FIRST_PAUSE_SECONDS, interval_seconds)
                self._failures.inc()
                log.warning("EC2 was not read: %s", error, exc_info=not isinstance(error, SpotError))


def _key(notice: Notice) -> _Key:
    return notice.instance_id, notice.kind, notice.detail, notice.called_off


def state_notices(states: Mapping[str, str | None], gone: frozenset[str], at: datetime) -> Iterator[Notice]:
    """A notice for each instance that ends or has ended; `gone` are those that EC2 has forgotten."""
    for instance_id, state in states.items():
        if instance_id in gone or state in ENDING | ENDED:
            yield Notice(
                instance_id=instance_id,
                kind=Kind.STOPPING,
                source=SOURCE,
                noticed_at=at,
                deadline=at,
                detail=state or "unknown to EC2",
                gone=state is None or state in ENDED,
            )


def event_notices(
    described: Iterable[tuple[str, Sequence[Mapping[str, Any]]]], at: datetime
) -> Iterator[Notice]:
    """One notice for each instance that has events: its next one, or that all are over."""
    for instance_id, events in described:
        standing = [each for each in events if not is_over(each)]
        starts = [each["NotBefore"].astimezone(UTC) for each in standing if each.get("NotBefore")]
        if events:
            yield Notice(
                instance_id=instance_id,
                kind=Kind.MAINTENANCE,
                source=SOURCE,
                noticed_at=at,
                deadline=min(starts, default=None),
                detail=str((standing or events)[0].get("Code", "")),
                called_off=not standing,
                undated=bool(standing) and not starts,
            )

"""Following a stream of a deploy to its end, over lost connections."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from madang.backoff import pause_seconds
from madang.problem import Problem

_GIVE_UP_SECONDS = 15 * 60.0


@dataclass(frozen=True)
class Entry:
    """One line of a deploy. kind: platform, build or rollout; at: ISO 8601."""

    sequence: int
    at: str
    kind: str
    text: str


@dataclass(frozen=True)
class End:
    """How the deploy ended. state: succeeded, failed, cancelled or superseded."""

    state: str
    exit_code: int


class Watcher(Protocol):
    """Sees what is followed."""

    def entry(self, entry: Entry) -> None: ...
    def waits(self, why: str) -> None: ...
    def lost(self, reason: str, wait_seconds: float) -> None: ...
    def back(self) -> None: ...


Opening = Callable[[int], AbstractContextManager[Iterator[dict[str, Any]]]]


def follow(
    opening: Opening,
    watcher: Watcher,
    *,
    after: int = 0,
    pause: Callable[[float], None] = time.sleep,
    give_up_seconds: float = _GIVE_UP_SECONDS,
) -> End:
    """Shows every entry behind sequence `after` once, in order, and returns the end.

    opening(after) opens the stream. A lost connection is opened again where it stopped.
    Raises Problem when the portal refuses, or stays away for give_up_seconds.
    """
    attempt = 0
    waited_seconds = 0.0
    while True:
        try:
            with opening(after) as events:
                for event in events:
                    if attempt:
                        attempt, waited_seconds = 0, 0.0
                        watcher.back()
                    if "end" in event:
                        return End(str(event["end"]["state"]), int(event["end"]["exit_code"]))
                    if event.get("waiting"):
                        watcher.waits(str(event["waiting"]))
                    if "sequence" in event and event["sequence"] > after:
                        entry = _entry(event)
                        watcher.entry(entry)
                        after = entry.sequence
            reason = "the connection was closed"
        except (httpx.TransportError, ValueError) as error:
            reason = str(error) or type(error).__name__
        if waited_seconds >= give_up_seconds:
            raise _given_up(reason)
        wait_seconds = pause_seconds(attempt)
        watcher.lost(reason, wait_seconds)
        pause(wait_seconds)
        waited_seconds += wait_seconds
        attempt += 1


def _entry(event: dict[str, Any]) -> Entry:
    return Entry(int(event["sequence"]), str(event.get("at", "")), str(event["kind"]), str(event["text"]))


def _given_up(reason: str) -> Problem:
    return Problem(
        what="The platform does not answer any more; the deploy itself goes on without us.",
        evidence=reason,
        next="Resume where it stopped: madang attach",
        reason="unreachable",
    )

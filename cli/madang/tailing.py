"""Following a running project's own output over lost connections, each line once."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import httpx

from madang.backoff import pause_seconds
from madang.problem import Problem

# Ten pauses of 15 s at most: two minutes without an answer.
_TRIES = 10

Opening = Callable[[int, str | None], AbstractContextManager[Iterator[dict[str, Any]]]]


@dataclass(frozen=True)
class Line:
    """One line of output. at: ISO 8601 time of the line; pod: which running copy wrote it."""

    at: str
    pod: str
    text: str


@dataclass
class Seen:
    """Which lines were shown: those of the newest moment, as a new connection begins there again."""

    at: str | None = None
    lines: set[Line] = field(default_factory=set)

    def is_new(self, line: Line) -> bool:
        """Whether the line was not shown before; from now on it was."""
        if line in self.lines:
            return False
        if self.at is None or line.at > self.at:
            self.at, self.lines = line.at, set()
        if line.at == self.at:
            self.lines.add(line)
        return True


def tail(
    opening: Opening,
    show: Callable[[Line], None],
    lost: Callable[[str, float], None],
    *,
    count: int,
    follow: bool,
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Shows the last `count` lines and, if asked to follow, the next ones until the connection is given up.

    opening(count, since) opens the stream. Returns whether there was any line. Raises Problem when the
    portal refuses, or does not answer for about two minutes.
    """
    seen = Seen()
    attempt = 0
    while True:
        try:
            with opening(count, seen.at) as events:
                for event in events:
                    attempt = 0
                    if "text" in event and seen.is_new(line := _line(event)):
                        show(line)
            reason = "the connection was closed"
            if not follow:
                return seen.at is not None
        except (httpx.TransportError, ValueError) as error:
            reason = str(error) or type(error).__name__
        if attempt >= _TRIES:
            raise Problem(
                what="The platform does not answer any more.",
                evidence=reason,
                next="Run it again in a minute: madang logs -f",
                reason="unreachable",
            )
        wait_seconds = pause_seconds(attempt)
        lost(reason, wait_seconds)
        pause(wait_seconds)
        attempt += 1


def _line(event: dict[str, Any]) -> Line:
    return Line(str(event.get("at", "")), str(event.get("pod", "")), str(event["text"]))

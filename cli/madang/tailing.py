"""Following a running project's own output over lost connections, each line once."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from madang.backoff import pause_seconds
from madang.problem import Problem

# Ten pauses of 15 s at most: two minutes without an answer.
_TRIES = 10
_MISSED_LINES = 5000

Opening = Callable[[int, str | None], AbstractContextManager[Iterator[dict[str, Any]]]]


@dataclass(frozen=True)
class Line:
    """One line of output. at: ISO 8601 time of the line; pod: which running copy wrote it."""

    at: str
    pod: str
    text: str


@dataclass
class Seen:
    """Which lines were shown. newest: time of the newest one; lines: those of that moment.

    A new connection gives older lines again; reached and repeated are newest and lines before it.
    """

    newest: str | None = None
    lines: frozenset[Line] = frozenset()
    reached: str | None = None
    repeated: frozenset[Line] = frozenset()

    def again(self) -> str | None:
        """Says that a new connection begins; gives the time to begin at."""
        self.reached, self.repeated = self.newest, self.lines
        return self.newest

    def is_new(self, line: Line) -> bool:
        """Whether the line was not shown before; from now on it was."""
        if line in self.repeated or (self.reached is not None and _time(line.at) < _time(self.reached)):
            return False
        if self.newest is None or _time(line.at) > _time(self.newest):
            self.newest, self.lines = line.at, frozenset()
        if line.at == self.newest:
            self.lines |= {line}
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
            since = seen.again()
            # Behind a known moment everything is wanted, however much was printed meanwhile.
            with opening(count if since is None else _MISSED_LINES, since) as events:
                for event in events:
                    attempt = 0
                    if "text" in event and "at" in event and seen.is_new(line := _line(event)):
                        show(line)
            reason = "the connection was closed"
            if not follow:
                return seen.newest is not None
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


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at.replace("Z", "+00:00"))


def _line(event: dict[str, Any]) -> Line:
    return Line(str(event["at"]), str(event.get("pod", "")), str(event["text"]))

"""How many requests run at once: as many as the API server answers well, fewer when it says that it is busy.

Additive increase, multiplicative decrease, as TCP does it: a fixed pool is too small for fifty nodes at once
and too large for an API server in trouble.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FEWEST = 2
MOST = 32
BUSY = frozenset({429, 500, 503, 504, "none"})
# One burst of refusals is one piece of news.
COOL_SECONDS = 0.5

Told = Callable[[int | str], None]


class Pace:
    """Turns for requests. `counted(verb, code)` hears of every answer; code "none" is no answer at all."""

    def __init__(self, counted: Callable[[str, str], None] = lambda verb, code: None) -> None:
        self.counted = counted
        self._free = threading.Condition()
        self._limit = float(MOST)
        self._running = 0
        self._cooled_at = 0.0

    @property
    def limit(self) -> int:
        return int(self._limit)

    @contextmanager
    def turn(self, verb: str) -> Iterator[Told]:
        """Wait for a turn; tell the answer's status to what this yields."""
        with self._free:
            while self._running >= int(self._limit):
                self._free.wait()
            self._running += 1
        try:
            yield lambda status: self._heard(verb, status)
        finally:
            with self._free:
                self._running -= 1
                self._free.notify_all()

    def _heard(self, verb: str, status: int | str) -> None:
        self.counted(verb, str(status))
        with self._free:
            if status in BUSY:
                now = time.monotonic()
                if now - self._cooled_at >= COOL_SECONDS:
                    self._limit, self._cooled_at = max(self._limit / 2, FEWEST), now
            else:
                self._limit = min(self._limit + 1 / self._limit, MOST)

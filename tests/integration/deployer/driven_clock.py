"""A follower's time, which passes as the test says: how fast the machine is decides nothing."""

from __future__ import annotations

import time

LOOK_SECONDS = 0.05


class DrivenClock:
    """In the place of the module `time` of one that follows. It stands still but for `pause_seconds` in each
    pause between two looks."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pause_seconds = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, _: float) -> None:
        time.sleep(LOOK_SECONDS)
        self.now += self.pause_seconds

"""Trouble with the API server under a follower: it may restart without ending what is followed."""

from __future__ import annotations

import time

LONGEST_SECONDS = 300.0


class Trouble:
    """What one follower has met since its last good look."""

    def __init__(self) -> None:
        self._since: float | None = None

    def is_over(self) -> None:
        self._since = None

    def is_too_long(self) -> bool:
        """Of trouble that is there now: whether it has lasted for more than five minutes."""
        now = time.monotonic()
        self._since = self._since or now
        return now - self._since > LONGEST_SECONDS

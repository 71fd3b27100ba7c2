"""What a pusher hears while a rollout waits: what is new at once, what lasts now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

from deployer.sentence import Sentence

REPEAT_SECONDS = 10.0


class Saying:
    """Sentences to `progress`."""

    def __init__(self, progress: Callable[[Sentence], None]) -> None:
        self._progress = progress
        self._said, self._said_at, self._since = "", 0.0, 0.0

    def say(self, text: Sentence) -> None:
        """A new sentence at once; the same one every ten seconds, with how long it has been true."""
        now = time.monotonic()
        if text != self._said:
            self._said, self._said_at, self._since = text, now, now
            self._progress(text)
        elif now - self._said_at >= REPEAT_SECONDS:
            self._said_at = now
            self._progress(Sentence("{doing}, {seconds} s", doing=text, seconds=round(now - self._since)))

"""Writes a lively log in few statements."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType

from django.db import DatabaseError, connection

from deployer.sentence import Sentence
from portal.builds.log import Line
from portal.leases.model import LeaseLost

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
_FULL_LINES = 5000
_BATCH_LINES = 1000
# As many lines as a log may have, of the length that lines mostly have; of the longest it would be 200 MB.
MOST_CHARACTERS = 4 << 20


class LogWriter:
    """Collects lines and gives them to `write` at most every 200 ms, from a thread of its own.

    `write` raises LeaseLost when they are no longer wanted (`lost` is called then) and DatabaseError when
    it shall be tried again. `add` waits while very much is unwritten, so that a chatty build slows down
    instead of filling the memory. Leaving the block writes what is left.
    """

    def __init__(
        self,
        write: Callable[[list[Line]], None],
        lost: Callable[[], None],
        most_lines: int,
        most_characters: int = MOST_CHARACTERS,
    ) -> None:
        self._write = write
        self._on_lost = lost
        self._left = most_lines
        self._left_characters = most_characters
        self._lines: list[Line] = []
        self._changed = threading.Condition()
        self._closing = False
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)

    def __enter__(self) -> LogWriter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def add(self, line: Line) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._lines) < _FULL_LINES or self._failed)
            if self._failed or self._left == 0:
                return
            self._left -= 1
            self._left_characters -= len(line.text)
            if self._left == 0 or self._left_characters < 0:
                self._left = 0
                line = Line("platform", Sentence("This log is too long; the rest is left out."), line.at)
            self._lines.append(line)
            self._changed.notify_all()

    def _run(self) -> None:
        while self._collect() and not self._failed:
            self._flush()

    def _collect(self) -> bool:
        """Waits for lines; False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._closing)
            if not self._closing:
                self._changed.wait_for(lambda: self._closing, FLUSH_SECONDS)
            return bool(self._lines)

    def _flush(self) -> None:
        with self._changed:
            batch = self._lines[:_BATCH_LINES]
        try:
            self._write(batch)
        except LeaseLost:
            self._give_up()
            return
        except DatabaseError as error:
            logger.warning("log lines not written yet", extra={"error": str(error)})
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, 1.0):
                    # At the end one more try, then the next worker reads them from the Job again.
                    self._last_try(batch)
            return
        finally:
            # Back to the pool: between two flushes there is mostly silence.
            connection.close()
        with self._changed:
            del self._lines[: len(batch)]
            self._changed.notify_all()

    def _last_try(self, batch: list[Line]) -> None:
        try:
            self._write(batch)
            del self._lines[: len(batch)]
        except (DatabaseError, LeaseLost):
            self._failed = True
            self._lines.clear()

    def _give_up(self) -> None:
        with self._changed:
            self._failed = True
            self._lines.clear()
            self._changed.notify_all()
        self._on_lost()

"""Delivers records to the portal in the background: whoever puts one in never waits for the portal."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from spot.errors import PermanentError, SpotError
from spot.pending import Pending
from spot.reporting import Record

logger = logging.getLogger(__name__)

Delivered = Callable[[str, int], None]


class Sender(Protocol):
    """A `Reporter`."""

    def send(self, record: Record) -> None: ...


class Outbox:
    """Sends what is put in, with growing pauses between tries, and tells `delivered(id, revision)`.

    `delivered` is called in the outbox's own thread, with the revision that the portal has for certain.
    Of each interruption only the newest record is kept. Nothing is given up: a refused record is tried again
    every few minutes and logged each time.
    """

    def __init__(
        self, sender: Sender, delivered: Delivered, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sender, self._delivered, self._clock = sender, delivered, clock
        self._pending = Pending()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, record: Record) -> None:
        """Take a record (copied: it may change afterwards), unless a later revision waits."""
        mine = copy.deepcopy(dict(record))
        with self._changed:
            if self._pending.put(mine, self._clock()):
                self._changed.notify()

    @property
    def pending(self) -> int:
        """How many interruptions have news that the portal does not have yet."""
        with self._changed:
            return len(self._pending)

    def stop(self, timeout_seconds: float = 5.0) -> int:
        """Try each waiting record once more, for at most that long; gives how many the portal still lacks."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return self.pending

    def _run(self) -> None:
        while (record := self._wait()) is not None:
            self._deliver(record)
        for record in self._last_tries():
            self._deliver(record)

    def _wait(self) -> Record | None:
        """The next record that is due; None once the outbox stops."""
        with self._changed:
            while not self._stopping:
                now = self._clock()
                record = self._pending.next(now)
                if record is not None:
                    return record
                self._changed.wait(self._pending.wait_seconds(now))
        return None

    def _last_tries(self) -> list[Record]:
        with self._changed:
            return self._pending.all()

    def _deliver(self, record: Record) -> None:
        identity, revision = str(record["id"]), int(record["revision"])
        try:
            self._sender.send(record)
        except Exception as error:
            self._failed(record, error)
            return
        with self._changed:
            self._pending.delivered(record)
        try:
            self._delivered(identity, revision)
        except Exception:
            # The record is with the portal; what its sender does about that is the sender's to mend.
            logger.exception("not heard that a report arrived", extra={"interruption": identity})

    def _failed(self, record: Record, error: Exception) -> None:
        refused = isinstance(error, PermanentError) or not isinstance(error, SpotError)
        with self._changed:
            seconds = self._pending.failed(record, self._clock(), refused=refused)
        told = {
            "interruption": record["id"],
            "revision": record["revision"],
            "again_in_seconds": round(seconds),
        }
        if refused:
            logger.error("report refused: %s", error, extra=told)
        else:
            logger.warning("report not delivered: %s", error, extra=told)

"""Keeps a lease while its work is done."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from uuid import uuid4

from django.db import DatabaseError, connection

from portal.leases.model import LeaseLost
from portal.leases.shutdown import stopping

logger = logging.getLogger(__name__)


def new_owner() -> str:
    """A name for one taking of a lease: where it is held, and a part that no other has."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid4().hex[:8]}"


class Keeper:
    """A thread that renews a lease thrice in its time. `renew` returns the state asked for, if any.

    While the database does not answer, the lease is kept until it would have run out: then it counts as
    lost, as another may hold it.
    """

    def __init__(self, renew: Callable[[], str], lease_seconds: float) -> None:
        self._renew = renew
        self._lease_seconds = lease_seconds
        self._done = threading.Event()
        self._lost = threading.Event()
        self._asked = ""
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    @property
    def lost(self) -> bool:
        return self._lost.is_set()

    @property
    def asked(self) -> str:
        """The state that somebody wants this work to end in, or an empty string."""
        return self._asked

    def give_up(self) -> None:
        """The work itself has found that its lease is another's."""
        self._lost.set()

    def should_stop(self) -> bool:
        """Asked by what does the work, often."""
        return self.lost or bool(self._asked) or stopping.is_set()

    def _run(self) -> None:
        kept_at = time.monotonic()
        while not self._done.wait(self._lease_seconds / 3):
            try:
                self._asked = self._renew()
                kept_at = time.monotonic()
            except LeaseLost:
                self._lost.set()
                return
            except DatabaseError as error:
                logger.warning("lease not renewed", extra={"error": str(error)})
                if time.monotonic() - kept_at > self._lease_seconds:
                    self._lost.set()
                    return
            finally:
                # Back to the pool: most of the time a lease needs no connection.
                connection.close()

"""Requests that are under way: each thing once, a failed one again after a pause, none twice at once."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

from spot.errors import Conflict, PermanentError, SpotError
from spot.kube.connection import Refused

log = logging.getLogger(__name__)

Task = tuple[tuple[str, str], Callable[[], None], float]

WORKERS = 32
AGAIN_SECONDS = 0.3
REFUSED_SECONDS = 1.0
PERMANENT_SECONDS = 5.0
# What comes first when more waits than runs: a node's fence, then its pods, then what is told of them.
FIRST, LAST = (0,), (9,)

# The watch tells within this time what a request has done; until then it must not be asked again.
DONE_SECONDS = 1.0


class Work:
    """A bounded number at a time. Keys name what is worked on: (what, uid). What has waited until `may_begin`
    says no is not begun.
    """

    def __init__(self, may_begin: Callable[[], bool] = lambda: True) -> None:
        self._may_begin = may_begin
        self._changed = threading.Condition()
        self._stopped = False
        self._waiting: list[tuple[tuple[int, ...], int, Task]] = []
        self._numbers = itertools.count()
        self._threads: list[threading.Thread] = []
        self._running: set[tuple[str, str]] = set()
        self._not_before: dict[tuple[str, str], float] = {}

    def submit(
        self,
        key: tuple[str, str],
        do: Callable[[], None],
        rest_seconds: float = DONE_SECONDS,
        urgency: tuple[int, ...] = FIRST,
    ) -> bool:
        """Start it, those of the least `urgency` first; False if it waits, runs or rests already."""
        with self._changed:
            now = time.monotonic()
            if self._stopped or key in self._running or self._not_before.get(key, 0.0) > now:
                return False
            self._running.add(key)
            if len(self._not_before) > 5000:
                self._not_before = {each: until for each, until in self._not_before.items() if until > now}
            heapq.heappush(self._waiting, (urgency, next(self._numbers), (key, do, rest_seconds)))
            if len(self._threads) < min(WORKERS, len(self._running)):
                self._threads.append(threading.Thread(target=self._work, name="work", daemon=True))
                self._threads[-1].start()
            self._changed.notify()
        return True

    @property
    def idle(self) -> bool:
        with self._changed:
            return not self._running

    def stop(self) -> None:
        """Begin nothing more; what runs is waited for."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                _, _, (key, do, rest_seconds) = heapq.heappop(self._waiting)
            self._run(key, do, rest_seconds)

    def _run(self, key: tuple[str, str], do: Callable[[], None], rest_seconds: float) -> None:
        rest = rest_seconds
        try:
            if self._may_begin():
                do()
        except Conflict:
            rest = 0.05
        except Refused:
            rest = REFUSED_SECONDS
        except PermanentError as error:
            rest = PERMANENT_SECONDS
            log.error("%s: %s", key[0], error)
        except SpotError as error:
            rest = AGAIN_SECONDS
            log.warning("%s: %s", key[0], error)
        except Exception:
            rest = PERMANENT_SECONDS
            log.exception("%s of %s", *key)
        finally:
            with self._changed:
                self._running.discard(key)
                self._not_before[key] = time.monotonic() + rest

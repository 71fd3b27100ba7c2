"""Requests that are under way: each thing once, a failed one again after a pause, none twice at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from spot.errors import Conflict, PermanentError, SpotError
from spot.kube.connection import Refused

log = logging.getLogger(__name__)

WORKERS = 32
AGAIN_SECONDS = 0.3
REFUSED_SECONDS = 1.0
PERMANENT_SECONDS = 5.0
# The watch tells within this time what a request has done; until then it must not be asked again.
DONE_SECONDS = 1.0


class Work:
    """A bounded pool. Keys name what is worked on: (what, uid)."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="work")
        self._lock = threading.Lock()
        self._running: set[tuple[str, str]] = set()
        self._not_before: dict[tuple[str, str], float] = {}

    def submit(
        self, key: tuple[str, str], do: Callable[[], None], rest_seconds: float = DONE_SECONDS
    ) -> bool:
        """Start it, unless it runs already or rests; False then."""
        with self._lock:
            now = time.monotonic()
            if key in self._running or self._not_before.get(key, 0.0) > now:
                return False
            self._running.add(key)
            if len(self._not_before) > 5000:
                self._not_before = {each: until for each, until in self._not_before.items() if until > now}
        self._pool.submit(self._run, key, do, rest_seconds)
        return True

    @property
    def idle(self) -> bool:
        with self._lock:
            return not self._running

    def stop(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, key: tuple[str, str], do: Callable[[], None], rest_seconds: float) -> None:
        rest = rest_seconds
        try:
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
            with self._lock:
                self._running.discard(key)
                self._not_before[key] = time.monotonic() + rest

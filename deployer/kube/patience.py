"""Following something in the cluster: look after look, over trouble with the API server, which may restart
without ending what is followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType

from deployer.errors import TemporaryError

PAUSE_SECONDS = 0.5
LONGEST_SECONDS = 300.0


def looks(stop: Callable[[], bool]) -> Iterator[float]:
    """Until `stop()` says so, with a pause after each: the seconds since the look before."""
    last = time.monotonic()
    while not stop():
        now = time.monotonic()
        yield now - last
        last = now
        time.sleep(PAUSE_SECONDS)


class Patience:
    """`with patience:` around each look lets a TemporaryError pass that lasts for up to five minutes."""

    def __init__(self) -> None:
        self._since: float | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, TemporaryError):
            self._since = None
            return False
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return now - self._since <= LONGEST_SECONDS

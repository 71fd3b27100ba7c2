"""Locks between processes and threads that end with their holder, however it ends."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, waiting: Callable[[], object] = lambda: None, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock file `path`, which is made when missing. `waiting` is called if another holds it.

    Those who hold it `shared` do so together.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("ab") as file:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, kind)
        yield

"""Work side by side, for which nobody who presses Ctrl-C has to wait."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

INTERRUPTED = 130
"""A shell's exit code of a program that SIGINT has ended."""


@contextmanager
def side_by_side() -> Iterator[ThreadPoolExecutor]:
    """A pool whose work has ended when the block has, but for an interrupt: then it is left at work.

    It may be cut off anywhere, as by SIGKILL: whoever is interrupted ends the process with `os._exit`.
    """
    pool, waits = ThreadPoolExecutor(), True
    try:
        yield pool
    except KeyboardInterrupt:
        waits = False
        raise
    finally:
        pool.shutdown(wait=waits, cancel_futures=not waits)

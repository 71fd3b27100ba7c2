"""How a long piece of work tells the person who waits for it."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from localcluster.readers import to_nowhere

Report = Callable[[str], None]
"""Takes one short line, such as "kubernetes 4/11, about 3 min left". May be called from any thread."""


class Progress:
    """Prints one line a step, with the seconds since the start; a `Report` itself.

    The work does not end because its reader has left, as with `… 2>&1 | head`.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        try:
            print(f"{time.monotonic() - self._began:6.1f}s  {text}", file=sys.stderr, flush=True)
        except BrokenPipeError:
            to_nowhere(sys.stderr)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say that `what` is done and how long it took, once the block ends without an error."""
        began = time.monotonic()
        yield
        self(f"{what} ({time.monotonic() - began:.1f} s)")

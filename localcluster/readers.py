"""Who reads what a command prints may leave before its end, as in `… status | head -1`."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

READER_LEFT = 141
"""A shell's exit code of a program that wrote into a pipe which nobody reads (128 + SIGPIPE)."""


@contextmanager
def may_leave() -> Iterator[None]:
    """Around a whole command: a reader that leaves ends it with READER_LEFT instead of a traceback."""
    try:
        try:
            yield
        finally:
            print(end="", flush=True)
    except BrokenPipeError:
        to_nowhere(sys.stdout)
        to_nowhere(sys.stderr)
        raise SystemExit(READER_LEFT) from None


def become(program: Path | str, arguments: list[str], environment: Mapping[str, str]) -> NoReturn:
    """Run the program (a path, or a name to be searched for) in our place; a leaving reader ends it too."""
    # Python ignores the signal, and what is ignored stays so over exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execvpe(program, arguments, environment)  # noqa: S606


def to_nowhere(stream: TextIO) -> None:
    """What is still written to the stream goes nowhere; Python itself writes once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

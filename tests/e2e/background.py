"""Visitors in a process of their own, in the background of a test."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

Result = TypeVar("Result")
# A run that is killed leaves no visitors behind.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


class Background(Generic[Result]):
    """`python -m MODULE WORDS… STOPFILE` while the block runs; `result` is made of its line of JSON."""

    def __init__(
        self, module: str, words: tuple[str, ...], read: Callable[..., Result], *, patience_seconds: float
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._stop = Path(self._folder.name) / "stop"
        self._argv = [*DIES_WITH_US, sys.executable, "-m", module, *words, str(self._stop)]
        self._read, self._patience_seconds = read, patience_seconds
        self.result: Result | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._argv, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.touch()
        output, _error = self._process.communicate(timeout=self._patience_seconds)
        self._folder.cleanup()
        said: dict[str, Any] = json.loads(output)
        self.result = self._read(**said)

"""Processes that end with the test run, also when that is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO


def start_mortal(
    words: Sequence[str | Path],
    *,
    signal: str = "KILL",
    user: str | None = None,
    environment: dict[str, str] | None = None,
    log: IO[bytes] | int = subprocess.DEVNULL,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a program that the kernel sends `signal` when this process is gone (prctl PR_SET_PDEATHSIG)."""
    who = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return subprocess.Popen(
        ["setpriv", *who, "--pdeathsig", signal, *words], env=environment, stdout=log, stderr=log, cwd=folder
    )

"""The controller as the process that it is, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.mortal import start_mortal
from tests.integration.spot.played_portal import PlayedPortal

QUICK = {
    "MADANG_SPOT_CONTROLLER_PORT": "0",
    "MADANG_SPOT_UNSERVE_SECONDS": "0.5",
    "MADANG_SPOT_SETTLE_SECONDS": "0.5",
    "MADANG_SPOT_LINGER_SECONDS": "0.5",
    "MADANG_SPOT_REPORT_KEY": "for tests alone",
}


@contextmanager
def running_controller(
    kubeconfig: Path, portal: PlayedPortal, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m spot controller`, killed at the end of the block if it still runs."""
    where = {"KUBECONFIG": str(kubeconfig), "MADANG_SPOT_REPORT_URL": portal.url}
    environment = {**os.environ, **QUICK, **where, **settings}
    process = start_mortal([sys.executable, "-m", "spot", "controller"], environment=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()

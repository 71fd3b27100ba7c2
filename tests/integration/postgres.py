"""A real PostgreSQL for a test session, in a folder that goes away with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.mortal import start_mortal

BINARIES = Path(os.environ.get("MADANG_POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))
# Nothing of a test outlives its machine: no waiting for the disk.
_CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_PREFIX = "madang-pg-"
PATIENCE_SECONDS = 300


def reserve_folder() -> Path:
    """A short path (sockets allow 107 bytes) where `running_postgres` may start; known before it starts.

    Folders of runs that were killed go.
    """
    temporary = Path(tempfile.gettempdir())
    for folder in temporary.glob(f"{_PREFIX}*"):
        if not Path("/proc", folder.name.removeprefix(_PREFIX)).exists() and not _serves(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return temporary / f"{_PREFIX}{os.getpid()}"


def _serves(folder: Path) -> bool:
    try:
        return Path("/proc", (folder / "data" / "postmaster.pid").read_text().split()[0]).exists()
    except (OSError, IndexError):
        return False


def url(folder: Path, database: str = "madang") -> str:
    """The address of a database there: a socket in a private folder, no port."""
    return f"postgresql://madang@/{database}?host={folder}"


@contextmanager
def running_postgres(folder: Path) -> Iterator[None]:
    """PostgreSQL with an empty database `madang`; whoever may enter the folder may log in."""
    # PostgreSQL refuses to run as root; its package made a user for it.
    user = "postgres" if os.geteuid() == 0 else None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    if user:
        shutil.chown(folder, user)

    def run(*words: str) -> None:
        # No pipes: the server would inherit and hold them.
        with (folder / f"{words[0]}.log").open("wb") as out:
            subprocess.run(
                [BINARIES / words[0], *words[1:]], check=True, stdout=out, stderr=out, user=user, cwd=folder
            )

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "madang", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
    options = [word for setting in _CARELESS for word in ("-c", setting)]
    with (folder / "server.log").open("wb") as log:
        server = start_mortal(
            [BINARIES / "postgres", "-D", data, "-k", str(folder), "-c", "listen_addresses=", *options],
            signal="QUIT",
            user=user,
            log=log,
        )
    try:
        _wait(folder, server)
        run("createdb", "-h", str(folder), "-U", "madang", "madang")
        yield
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    question = [BINARIES / "pg_isready", "-q", "-h", str(folder), "-U", "madang", "-d", "postgres"]
    while subprocess.run(question).returncode:
        log = (folder / "server.log").read_text()
        assert server.poll() is None, log
        assert time.monotonic() < deadline, log
        time.sleep(0.05)

"""A real PostgreSQL for a test session, in a folder that goes away with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = Path(os.environ.get("MADANG_POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))
# Nothing of a test outlives its machine: no waiting for the disk.
_CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def reserve_folder() -> Path:
    """A short path (sockets allow 107 bytes) where `running_postgres` may start; known before it starts."""
    return Path(tempfile.gettempdir()) / f"madang-pg-{os.getpid()}"


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
    options = " ".join([f"-k {folder}", "-c listen_addresses=''", *(f"-c {word}" for word in _CARELESS)])
    run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "server.log"), "-w", "start")
    try:
        run("createdb", "-h", str(folder), "-U", "madang", "madang")
        yield
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

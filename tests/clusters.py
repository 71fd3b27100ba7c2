"""The embedded clusters that tests start: as many at a time as there is room for, and what killed runs left
goes first.

What bounds them are memory and the inotify instances that a machine gives root, often 128.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from localcluster import cgroups
from localcluster.lock import held

PLATFORM = {"MADANG_INSTANCE": "madang-test", "MADANG_PORT_OFFSET": "1000"}
SECOND_PLATFORM = {"MADANG_INSTANCE": "madang-second-test", "MADANG_PORT_OFFSET": "1900"}
RESTORED = {
    "MADANG_INSTANCE": "madang-restored-test",
    "MADANG_PORT_OFFSET": "1700",
    "MADANG_SPOT_NODES": "1",
}
CORE = {
    "MADANG_INSTANCE": "madang-core-test",
    "MADANG_PORT_OFFSET": "1500",
    "MADANG_SPOT_NODES": "2",
    "MADANG_REPLACEMENT_DELAY_SECONDS": "1",
    "MADANG_STARTUP_TAINT": "false",
}
CLOUD = {
    "MADANG_INSTANCE": "madang-cloud-test",
    "MADANG_PORT_OFFSET": "1200",
    "MADANG_SPOT_NODES": "3",
    "MADANG_NODE_MEMORY_MIB": "1536",
    "MADANG_REPLACEMENT_DELAY_SECONDS": "2",
    "MADANG_STARTUP_TAINT": "false",
}
"""Settings of each; ports and names differ, so that none hits another or a real cluster."""

CLUSTERS = (PLATFORM, SECOND_PLATFORM, RESTORED, CORE, CLOUD)
# Of one with four nodes, which has 41 by count, and of what starts it.
_INOTIFY_INSTANCES = 64
# What it takes with what tests put on it, and the other tests beside it.
_MEMORY_BYTES = 6 << 30
_PLACE_SECONDS = 1.0
_standing = 0


@contextmanager
def standing(cluster: Mapping[str, str]) -> Iterator[None]:
    """Around the life of that cluster; waits until no other test run has it, and until there is a place."""
    global _standing
    name = cluster["MADANG_INSTANCE"]
    with held(_lock(name), lambda: _tell(f"another run of the tests has {name}")):
        # What another fixture of this very process has started may end after this: its place serves both.
        place = None if _standing else _wait_for_place()
        _standing += 1
        try:
            _clear_away(cluster)
            for other in CLUSTERS:
                _clear_away_unless_in_use(other)
            yield
        finally:
            _standing -= 1
            if place is not None:
                place.close()


def _wait_for_place() -> IO[bytes]:
    """One of them, until the file is closed."""
    told = False
    while True:
        for number in range(_places()):
            if (place := _take(_lock(f"place-{number}"))) is not None:
                return place
        if not told:
            _tell("the tests' clusters that stand are as many as there is room for")
            told = True
        time.sleep(_PLACE_SECONDS)


def _places() -> int:
    instances = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    real = bool(cgroups.machine_names("madang"))
    return max(min(instances // _INOTIFY_INSTANCES, memory_bytes // _MEMORY_BYTES) - real, 1)


def _take(lock: Path) -> IO[bytes] | None:
    """The lock, until the file is closed; None if somebody has it."""
    file = lock.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _lock(name: str) -> Path:
    return Path("/run", f"madang-tests-{name}.lock")


def _tell(why: str) -> None:
    print(f"waiting: {why}", file=sys.stderr)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a command is given to work on that cluster: nothing of the caller's settings but the cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    shared = {name: os.environ[name] for name in ("MADANG_CACHE", "MADANG_PROGRAMS") if name in os.environ}
    return {**kept, **shared, **settings}


def processor_share(cgroup: str) -> float:
    """Of what an ordinary cgroup gets of a processor that both want; 0 for one that is not there."""
    weights = {"cpu.weight": 100, "cpu.shares": 1024}
    for root in cgroups.hierarchies():
        for name, ordinary in weights.items():
            if (weight := root / cgroup.strip("/") / name).exists():
                return int(weight.read_text()) / ordinary
    return 0.0


def _clear_away_unless_in_use(settings: Mapping[str, str]) -> None:
    if (lock := _take(_lock(settings["MADANG_INSTANCE"]))) is not None:
        with lock:
            _clear_away(settings)


def _clear_away(settings: Mapping[str, str]) -> None:
    name = settings["MADANG_INSTANCE"]
    if not Path("/var/lib", name).exists() and not cgroups.machine_names(name):
        return
    done = subprocess.run(
        [sys.executable, "-m", "localcluster", "destroy", "--yes"],
        env=environment(settings),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr

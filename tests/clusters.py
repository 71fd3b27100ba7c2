"""The embedded clusters that tests start: one at a time, and what killed runs left goes first.

Two at once, beside a real one, want more inotify instances than a machine gives root (128).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from localcluster import cgroups
from localcluster.lock import held

PLATFORM = {"MADANG_INSTANCE": "madang-test", "MADANG_PORT_OFFSET": "1000"}
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

_LOCK = Path("/run/madang-tests.lock")
_standing = 0


@contextmanager
def the_only_one() -> Iterator[None]:
    """Around the life of a test's cluster; waits until no other test run has one."""
    global _standing
    if _standing:  # another fixture of this very process: the tests of both are run anyway
        yield
        return
    with held(_LOCK, lambda: print("waiting: another run of the tests has a cluster", file=sys.stderr)):
        for settings in (PLATFORM, RESTORED, CORE, CLOUD):
            _clear_away(settings)
        _standing += 1
        try:
            yield
        finally:
            _standing -= 1


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a command is given to work on that cluster: nothing of the caller's settings but the cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MADANG_")}
    shared = {name: os.environ[name] for name in ("MADANG_CACHE", "MADANG_PROGRAMS") if name in os.environ}
    return {**kept, **shared, **settings}


def processor_share(cgroup: str) -> float:
    """Of what an ordinary cgroup gets of a processor that both want."""
    weights = {"cpu.weight": 100, "cpu.shares": 1024}
    for root in cgroups.hierarchies():
        for name, ordinary in weights.items():
            if (weight := root / cgroup.strip("/") / name).exists():
                return int(weight.read_text()) / ordinary
    raise AssertionError(f"nothing weighs {cgroup}")


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

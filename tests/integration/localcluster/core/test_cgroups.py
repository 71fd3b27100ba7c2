"""Cgroups, on this machine's own hierarchies and on folders that look like version 2."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcluster import cgroups
from tests.clusters import processor_share

ASLEEP = "import time; print('here', flush=True); time.sleep(600)"
SCRATCH = f"/cgroup-test-{os.getpid()}"


@pytest.fixture
def scratch() -> Iterator[str]:
    yield SCRATCH
    assert cgroups.kill(SCRATCH)
    assert cgroups.remove(SCRATCH)


def sleeper(path: str) -> "subprocess.Popen[str]":
    program = f"from localcluster import cgroups; cgroups.enter({path!r}); cgroups.settle({path!r}); {ASLEEP}"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "here\n"
    return process


@pytest.mark.skipif(os.geteuid() != 0, reason="cgroups are root's")
def test_a_process_is_found_and_killed_by_its_cgroup_alone(scratch: str) -> None:
    process = sleeper(f"{scratch}/node")
    assert cgroups.processes(scratch) == {process.pid}
    assert cgroups.memory_bytes(f"{scratch}/node")
    assert cgroups.kill(scratch)
    assert process.wait() == -9
    assert cgroups.remove(scratch)
    assert not any((root / scratch.strip("/")).exists() for root in cgroups.hierarchies())


@pytest.mark.skipif(os.geteuid() != 0, reason="cgroups are root's")
def test_a_cgroup_may_be_given_less_of_a_processor_and_all_of_it_again(scratch: str) -> None:
    sleeper(scratch)
    assert processor_share(scratch) == 1
    cgroups.weigh(scratch, 1 / 4)
    assert processor_share(scratch) == 1 / 4
    cgroups.weigh(scratch, 1)
    assert processor_share(scratch) == 1


def test_nothing_is_found_where_nothing_is() -> None:
    assert cgroups.processes("/never-made") == set()
    assert cgroups.kill("/never-made")
    assert cgroups.remove("/never-made")


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    """Folders that look like a version 2 hierarchy; the kernel would fill new ones by itself."""
    directory = tmp_path
    for part in ("", "cluster", "node", "system"):
        directory = directory / part
        directory.mkdir(exist_ok=True)
        (directory / "cgroup.controllers").write_text("cpu memory pids\n")
        (directory / "cgroup.subtree_control").write_text("")
        (directory / "cgroup.procs").write_text("")
    return tmp_path


def test_on_version_2_the_process_ends_in_a_leaf_and_controllers_are_handed_down(version_2: Path) -> None:
    cgroups.enter("/cluster/node", version_2)
    assert (version_2 / "cluster/node/cgroup.procs").read_text() == str(os.getpid())
    cgroups.settle("/cluster/node", version_2)
    assert (version_2 / "cluster/node/system/cgroup.procs").read_text() == str(os.getpid())
    assert (
        version_2 / "cluster/node/cgroup.subtree_control"
    ).read_text() == "+pids"  # the last of three writes
    assert (version_2 / "cluster/node/system/cgroup.subtree_control").read_text() == ""

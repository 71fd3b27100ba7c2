"""A machine's first process, which must not end while the machine lives."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from localcluster.program import Program
from localcluster.supervision import Supervisor


def test_on_a_full_disk_a_program_that_died_is_started_again_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program("etcd", ("etcd",))
    supervisor = Supervisor((program,), tmp_path)
    again: list[str] = []
    monkeypatch.setattr(supervisor, "_later", lambda seconds, program: again.append(program.name))
    (tmp_path / "etcd.log").symlink_to("/dev/full")
    supervisor._start_again(program, time.monotonic(), 256)
    assert again == ["etcd"]


def test_how_a_program_ended_stands_in_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program("etcd", ("etcd",))
    supervisor = Supervisor((program,), tmp_path)
    monkeypatch.setattr(supervisor, "_later", lambda *_: None)
    supervisor._start_again(program, time.monotonic(), 256)
    assert (tmp_path / "etcd.log").read_text() == "--- etcd ended (1); starting it again in 0.6 s\n"

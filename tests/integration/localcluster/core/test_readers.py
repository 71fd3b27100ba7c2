"""A reader that leaves early (`… | head`) ends a command quietly, and no work half-way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcluster.readers import READER_LEFT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the embedded cluster is root's")


def run_unread(tmp_path: Path, module: str, *words: str, unread: str) -> "subprocess.CompletedProcess[str]":
    """The command with `unread` (stdout or stderr) on a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, unread: writer}
    settings = {"MADANG_INSTANCE": "readers-test", "MADANG_STATE": str(tmp_path / "state")}
    command = [sys.executable, "-m", module, *words]
    try:
        return subprocess.run(command, text=True, env={**os.environ, **settings}, **streams)  # type: ignore[call-overload, no-any-return]
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("localcluster", ("status",)),
        ("localcluster", ("--help",)),
        ("localcluster", ("up", "--help")),
        ("localcluster", ("programs", "--help")),
        ("localcluster.cloud", ("--help",)),
    ],
    ids=str,
)
def test_a_command_that_is_not_read_ends_without_a_traceback(
    tmp_path: Path, module: str, words: tuple[str, ...]
) -> None:
    done = run_unread(tmp_path, module, *words, unread="stdout")
    assert done.returncode in (READER_LEFT, 0)  # argparse itself forgives its reader
    assert done.stderr == ""


def test_logs_that_are_not_read_end_without_a_complaint(tmp_path: Path) -> None:
    folder = tmp_path / "state/machines/spot-1"
    folder.mkdir(parents=True)
    (folder / "kubelet.log").write_text("a line\n" * 100)
    done = run_unread(tmp_path, "localcluster", "logs", unread="stdout")
    assert done.returncode != 0
    assert done.stderr == ""


def test_work_goes_on_to_its_end_though_nobody_reads_how_far_it_is(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    done = run_unread(tmp_path, "localcluster", "destroy", "--yes", unread="stderr")
    assert done.returncode == 0
    assert not (tmp_path / "state").exists()

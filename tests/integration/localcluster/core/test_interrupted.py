"""Ctrl-C, Ctrl-D, and two commands at once: each ends or waits at once, and says how it stands."""

import os
import pty
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the embedded cluster is root's")

PATIENCE_SECONDS = 60
# `up` with nothing to bring up: one thread is at work for longer than anybody waits.
LONG_UP = textwrap.dedent("""
    import sys, time
    from localcluster import __main__ as command, preflight, startup
    from localcluster.threads import side_by_side

    def up(instance, report):
        with side_by_side() as pool:
            pool.submit(time.sleep, 600)
            report("at work")
            time.sleep(600)

    preflight.check = lambda instance: None
    startup.up = up
    sys.exit(command.main(["up"]))
""")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    state = tmp_path / "state"
    state.mkdir()
    return {**os.environ, "MADANG_INSTANCE": "interrupted-test", "MADANG_STATE": str(state)}


def start_up(environment: dict[str, str]) -> "subprocess.Popen[str]":
    # Where the tests run in the background, SIGINT is ignored, and what is ignored stays so over exec.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-c", LONG_UP], env=environment, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stderr
    return process.stderr.readline()


def test_an_interrupt_ends_up_at_once_whatever_is_at_work(environment: dict[str, str]) -> None:
    process = start_up(environment)
    assert "at work" in line(process)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE_SECONDS)[1] == (
        "Stopped half-way. The same command again goes on from there.\n"
    )
    assert process.returncode == 130


def test_a_second_up_waits_for_the_first_and_names_it(environment: dict[str, str]) -> None:
    first, second = start_up(environment), None
    try:
        assert "at work" in line(first)
        second = start_up(environment)
        assert f"another command (PID {first.pid}) works on 'interrupted-test'" in line(second)
        first.kill()
        assert "at work" in line(second)
    finally:
        for process in (first, second):
            if process:
                process.kill()
                process.communicate()


@pytest.mark.parametrize("key", [b"\x04", b"\x03", b"no\n"], ids=["Ctrl-D", "Ctrl-C", "no"])
def test_whatever_is_not_yes_destroys_nothing(environment: dict[str, str], key: bytes) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "localcluster", "destroy"],
        env=environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_at_its_terminal,
    )
    assert process.stdout
    while "no way back" not in process.stdout.readline():
        pass
    os.write(ours, key)
    told = process.communicate(timeout=PATIENCE_SECONDS)[1]
    os.close(ours)
    os.close(theirs)
    assert told.endswith("Nothing was changed. (`--yes` goes on without asking.)\n")
    assert process.returncode == 1
    assert Path(environment["MADANG_STATE"]).exists()


def _at_its_terminal() -> None:
    """Its keys are signals to this process alone."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)

"""A supervised machine: programs come back, and with PID 1 everything goes. Needs root, no Kubernetes."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from localcluster import built_in, cgroups, machines
from localcluster.instance import Instance
from localcluster.machine import MachineSpec
from localcluster.program import HOST_NETWORK, Program
from tests.integration.redis_server import free_port

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are root's")

GENEROUS_SECONDS = 300
WEB_SERVER = """
import http.server, socketserver, subprocess
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
print("up", flush=True)
# Not HTTPServer: it asks a name server who it is, and there is none.
socketserver.TCPServer(("127.0.0.1", 9000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("MADANG_INSTANCE", f"machine-test-{os.getpid()}")
    monkeypatch.setenv("MADANG_STATE", str(tmp_path / "state"))
    made = Instance.from_environment()
    yield made
    machines.kill(made, "one")
    cgroups.remove(made.cgroup)
    built_in.remove_paths()


def start(instance: Instance, *programs: Program) -> Path:
    home = machines.home(instance, "one")
    spec = MachineSpec(
        name="one", home=str(home), cgroup=machines.cgroup(instance, "one"), programs=programs, files={}
    )
    machines.start(instance, spec, lambda _: None)
    return home


def eventually(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + GENEROUS_SECONDS
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def shell(name: str, script: str, **more: object) -> Program:
    return replace(Program(name, ("/bin/sh", "-c", script)), **more)  # type: ignore[arg-type]


def test_a_program_that_dies_at_once_is_started_again_and_again(instance: Instance) -> None:
    home = start(instance, shell("mayfly", "echo born; exit 3"))
    eventually(
        lambda: (home / "mayfly.log").exists() and (home / "mayfly.log").read_text().count("born") >= 4
    )
    assert "mayfly ended (3)" in (home / "mayfly.log").read_text()


def test_a_program_waits_for_what_it_needs(instance: Instance) -> None:
    late = "import socket, time; time.sleep(1); socket.socket(socket.AF_UNIX).bind('/run/s'); time.sleep(999)"
    first = Program("first", (machines.PYTHON, "-c", late))
    home = start(
        instance,
        shell("second", "test -S /run/s && echo yes; sleep 999", wait_for=("unix:/run/s",)),
        first,
    )
    eventually(lambda: (home / "second.log").exists() and "yes" in (home / "second.log").read_text())


def test_a_program_follows_the_new_start_of_one_it_depends_on(instance: Instance) -> None:
    home = start(
        instance,
        shell("runtime", "sleep 2"),
        shell("agent", "echo started; sleep 999", restart_with=("runtime",)),
    )
    eventually(
        lambda: (home / "agent.log").exists() and (home / "agent.log").read_text().count("started") >= 2
    )


def test_a_hanging_program_is_killed_and_started_again(instance: Instance) -> None:
    web = Program("web", (machines.PYTHON, "-c", WEB_SERVER), alive="http://127.0.0.1:9000/")
    home = start(instance, web)
    eventually(lambda: (home / "web.log").exists() and "GET /" in (home / "web.log").read_text())
    server = next(p for p in machines_processes(instance) if "TCPServer" in command_line(p))
    os.kill(server, signal.SIGSTOP)
    eventually(lambda: (home / "web.log").read_text().count("up\n") >= 2)
    assert "does not answer" in (home / "web.log").read_text()


def test_a_gate_leads_from_the_hosts_loopback_into_the_machine(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "greeting").write_text("from inside")
    port = free_port()
    inside = Program("web", ("/bin/sh", "-c", f"cd {tmp_path} && exec {machines.PYTHON} -c '{WEB_SERVER}'"))
    gate = Program(
        "gate", (machines.PYTHON, "-m", "localcluster.gate", "127.0.0.1:9000"), listen=(f"127.0.0.1:{port}",)
    )
    start(instance, inside, gate)

    def greeting() -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{port}/greeting", timeout=60) as answer:
                return bytes(answer.read())
        except OSError:
            return b""

    eventually(lambda: greeting() == b"from inside")


def test_a_program_may_be_put_into_the_hosts_network(instance: Instance) -> None:
    own = str(Path("/proc/self/ns/net").readlink())
    look = ("nsenter", f"--net={HOST_NETWORK}", "sh", "-c", "readlink /proc/self/ns/net; sleep 999")
    home = start(instance, Program("outside", look), shell("inside", "readlink /proc/self/ns/net; sleep 999"))
    eventually(
        lambda: all(
            (home / f"{n}.log").exists() and (home / f"{n}.log").read_text() for n in ("outside", "inside")
        )
    )
    assert (home / "outside.log").read_text().strip() == own
    assert (home / "inside.log").read_text().strip() != own


def test_the_end_of_pid_1_ends_everything_and_a_reused_pid_is_never_shot(instance: Instance) -> None:
    home = start(instance, shell("sleeper", "setsid sleep 999 & sleep 999"))
    eventually(lambda: len(machines_processes(instance)) >= 3)
    record = json.loads((home / "pid.json").read_text())
    machines.kill(instance, "one")
    assert machines_processes(instance) == []
    (home / "pid.json").write_text(json.dumps({**record, "pid": os.getpid()}))
    assert machines.pid(instance, "one") is None


def test_a_stop_lets_programs_end_by_themselves(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "STOP_SECONDS", GENEROUS_SECONDS)
    # `wait` lets the shell hear the signal at once.
    home = start(instance, shell("polite", "trap 'echo bye; exit' TERM; echo ready; sleep 999 & wait"))
    eventually(lambda: (home / "polite.log").exists() and "ready" in (home / "polite.log").read_text())
    machines.stop(instance, "one")
    assert "bye" in (home / "polite.log").read_text()
    assert machines_processes(instance) == []


def machines_processes(instance: Instance) -> list[int]:
    return sorted(cgroups.processes(machines.cgroup(instance, "one")))


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""

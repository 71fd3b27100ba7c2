"""Starting, finding and ending machines, seen from the host.

A machine is found by its record (PID, start time, boot), and what the record misses, by its cgroup. Nothing
is asked of the process that started it, which may have been killed at any moment.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from localcluster import cgroups, kernel
from localcluster.authority import write_whole
from localcluster.errors import ClusterError
from localcluster.instance import Instance
from localcluster.machine import PID_FILE, SPEC_FILE, WIRED_FILE, MachineSpec

CONTROL, OUTLET, CLOUD = "control", "outlet", "cloud"
NOT_NODES = (CONTROL, OUTLET, CLOUD)
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ROOT = Path(__file__).parents[1]
_VENV_PYTHON = Path(sys.prefix) / "bin/python"
PYTHON = str(_VENV_PYTHON) if _VENV_PYTHON.exists() else sys.executable
START_SECONDS = 180.0
STOP_SECONDS = 15.0
SCOPE_SECONDS = 20.0


def home(instance: Instance, name: str) -> Path:
    return instance.machines / name


def names(instance: Instance) -> list[str]:
    """Machines that were started and not removed, running or not; the control plane first."""
    folders = instance.machines.iterdir() if instance.machines.is_dir() else ()
    return sorted((p.name for p in folders if (p / SPEC_FILE).exists()), key=lambda n: (n != CONTROL, n))


def cgroup(instance: Instance, name: str) -> str:
    return cgroups.machine_cgroup(instance.name, name)


def pid(instance: Instance, name: str) -> int | None:
    """The host's PID of the machine's first process, or None if it does not live."""
    try:
        record = json.loads((home(instance, name) / PID_FILE).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if record["boot"] != kernel.boot_id() or kernel.start_time(record["pid"]) != record["start"]:
        return None
    return int(record["pid"])


def runs_as(instance: Instance, spec: MachineSpec) -> bool:
    """Does the machine live, with its network, exactly as the spec says?"""
    folder = home(instance, spec.name)
    if pid(instance, spec.name) is None or not (folder / WIRED_FILE).exists():
        return False
    try:
        return (folder / SPEC_FILE).read_text() == spec.to_json()
    except FileNotFoundError:
        return False


def start(instance: Instance, spec: MachineSpec, wire: Callable[[int], None]) -> int:
    """Start the machine, give it its network with `wire(pid)`, return the PID; raises ClusterError."""
    kill(instance, spec.name)
    folder = home(instance, spec.name)
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in (PID_FILE, WIRED_FILE):
        (folder / leftover).unlink(missing_ok=True)
    write_files(spec)
    log = folder / "machine.log"
    log.touch()
    place = log.stat().st_size
    launched = _launch(instance, spec, log)
    deadline = time.monotonic() + START_SECONDS
    while launched and time.monotonic() < deadline:
        if found := pid(instance, spec.name):
            # A program that stands in no cgroup weighs as much as one does, be it of all machines.
            cgroups.weigh(instance.cgroup, len(instance.nodes))
            wire(found)
            (folder / WIRED_FILE).touch()
            return found
        if not cgroups.processes(spec.cgroup):
            break  # it has ended already
        time.sleep(0.005)
    said = log.read_bytes()[place:].decode(errors="replace").strip()
    raise ClusterError(
        f"Machine {spec.name} did not start: {said.splitlines()[-1] if said else 'it said nothing'}\n"
        f"The whole of it stands in {log}. `.venv/bin/python -m localcluster preflight` looks for causes."
    )


def write_files(spec: MachineSpec) -> None:
    """The spec and its programs' settings, for root alone: one of them holds the password of a proxy.

    Its programs read them before any of them becomes somebody else.
    """
    folder = Path(spec.home)
    for name, content in {**spec.files, SPEC_FILE: spec.to_json()}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, content.encode())


def stop(instance: Instance, name: str) -> None:
    """End the machine in good order: pods get SIGTERM and some seconds. What is left after that is killed."""
    found = pid(instance, name)
    if found is not None and (home(instance, name) / WIRED_FILE).exists():
        os.kill(found, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while pid(instance, name) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
    kill(instance, name)


def kill(instance: Instance, name: str) -> None:
    """End all its processes at once and remove its cgroups; its folder stays. Raises ClusterError."""
    end_processes(instance, name)
    cgroups.remove(cgroup(instance, name))
    (home(instance, name) / PID_FILE).unlink(missing_ok=True)


def end_processes(instance: Instance, name: str) -> None:
    """End all its processes at once, and nothing else. Raises ClusterError."""
    if found := pid(instance, name):
        os.kill(found, signal.SIGKILL)
    path = cgroup(instance, name)
    if not cgroups.kill(path):
        raise ClusterError(
            f"Processes of {name} do not die: {sorted(cgroups.processes(path))}. One in state D waits for"
            " a disk; look at `ps -o pid,stat,wchan,args`, then try again."
        )


def remove(instance: Instance, name: str) -> None:
    """`kill`, and throw its folder away."""
    kill(instance, name)
    shutil.rmtree(home(instance, name), ignore_errors=True)


def _launch(instance: Instance, spec: MachineSpec, log: Path) -> bool:
    command = [*scope(instance, spec.name), PYTHON, "-m", "localcluster.machine"]
    deadline = time.monotonic() + SCOPE_SECONDS
    while True:
        with log.open("ab") as out:
            place = out.tell()
            starter = subprocess.run(
                [*command, str(home(instance, spec.name) / SPEC_FILE)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=environment(),
            )
        # systemd forgets a scope a moment after its last process has ended.
        taken = starter.returncode != 0 and b"already loaded" in log.read_bytes()[place:]
        if not taken or time.monotonic() > deadline:
            return starter.returncode == 0
        time.sleep(0.1)


def scope(instance: Instance, name: str) -> list[str]:
    """To be put before a command so that it starts in a scope of its own; empty without systemd and v2."""
    if not cgroups.needs_scope():
        return []
    unit = cgroups.scope_name(instance.name, name)
    options = ["--scope", "--quiet", "--collect", "--slice=system.slice", "--property=Delegate=yes"]
    return ["systemd-run", *options, f"--unit={unit}", "--"]


def environment() -> dict[str, str]:
    """The same whoever starts it and from where; no proxy of the starter's may stand before our mirror."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("MADANG_")}
    return {**ours, "HOME": "/root", "LANG": "C.UTF-8", "PATH": SEARCH_PATH, "PYTHONPATH": str(ROOT)}

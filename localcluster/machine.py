"""One machine of the cluster: PID 1 of its own PID, mount, network, UTS, IPC and cgroup namespaces.

    python -m localcluster.machine MACHINE.json

SIGKILL of that one process ends every process of the machine at once (a rule of the kernel), and with the
last process go its mounts, its network and its cgroup namespace: that is a lost node, and it is the teardown.
"""

import json
import os
import resource
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from localcluster import built_in, cgroups, kernel
from localcluster.program import Program
from localcluster.supervision import Supervisor

OPEN_FILES = 1 << 20
PID_FILE, WIRED_FILE, SPEC_FILE = "pid.json", "wired", "machine.json"


@dataclass(frozen=True)
class MachineSpec:
    """All that makes a machine. `up` leaves a running machine alone whose spec is what it should be."""

    name: str
    home: str
    """Its folder on the host: the spec, the record of its process, its programs' settings and logs."""
    cgroup: str
    programs: tuple[Program, ...]
    files: dict[str, str]
    """Settings of its programs: name below `home` → content."""
    binds: tuple[tuple[str, str], ...] = ()
    """(folder on the host, path where the machine's programs have it built in)."""
    sysctls: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "MachineSpec":
        raw = json.loads(text)
        raw["programs"] = tuple(Program.from_dict(p) for p in raw["programs"])
        for key in ("binds", "sysctls"):
            raw[key] = tuple((a, b) for a, b in raw[key])
        return cls(**raw)


def main() -> None:
    spec = MachineSpec.from_json(Path(sys.argv[1]).read_text())
    os.umask(0o022)
    _raise_file_limit()
    supervisor = Supervisor(spec.programs, Path(spec.home))
    supervisor.open_host_side()
    cgroups.enter(spec.cgroup)
    kernel.unshare(kernel.NEWCGROUP)
    cgroups.settle(spec.cgroup)
    kernel.unshare(kernel.NEWNS | kernel.NEWUTS | kernel.NEWIPC | kernel.NEWPID | kernel.NEWNET)
    if os.fork():
        return
    # From here on: PID 1. It records itself, so that no crash of the starter loses it.
    record_process(Path(spec.home))
    socket.sethostname(spec.name)
    _mount_everything(spec)
    for key, value in spec.sysctls:
        path = Path("/proc/sys") / key.replace(".", "/")
        if path.exists():
            path.write_text(value)
    while not (Path(spec.home) / WIRED_FILE).exists():  # the starter gives us our network
        time.sleep(0.01)
    supervisor.run()


def _raise_file_limit() -> None:
    """A cluster's programs hold many files open; root may be refused more than it was given."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(hard, OPEN_FILES), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        except (OSError, ValueError):
            continue
        return


def record_process(home: Path) -> None:
    """Note {pid, start, boot} of this process. Call it while /proc is the host's, for the host's PID."""
    pid = int(Path("/proc/self").readlink().name)
    record = {"pid": pid, "start": kernel.start_time(pid), "boot": kernel.boot_id()}
    (home / f"{PID_FILE}.new").write_text(json.dumps(record))
    (home / f"{PID_FILE}.new").rename(home / PID_FILE)


def _mount_everything(spec: MachineSpec) -> None:
    # Slave first: nothing that we mount is seen outside, and unmounts out there reach us (with "private" our
    # copy would keep other people's mounts busy). Then shared: pods may propagate mounts inside.
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_SLAVE)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_SHARED)
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    _mount_own_cgroups()
    with built_in.made_paths():  # its lock is the host's: before our own /run
        _mount_own_run()
        for source, target in spec.binds:
            Path(target).mkdir(parents=True, exist_ok=True)  # below our own /run; the others are there
            kernel.mount(source, target, None, kernel.MS_BIND | kernel.MS_REC)


def _mount_own_cgroups() -> None:
    """Mount each hierarchy again from within the cgroup namespace: its root is then this machine's cgroup."""
    mounts = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        target, (kind, source, options) = fields.split()[4], rest.split()[:3]
        if kind in ("cgroup", "cgroup2") and Path(target).is_relative_to(cgroups.ROOT):
            mounts.append((target, kind, source, options))
    for target, kind, source, options in mounts:
        kernel.unmount(target)
        controllers = ",".join(o for o in options.split(",") if o not in ("rw", "ro"))
        flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
        kernel.mount(source, target, kind, flags, controllers if kind == "cgroup" else None)


def _mount_own_run() -> None:
    """An own /run keeps sockets apart and short. The host's resolver may live there: keep that one folder."""
    resolver = Path("/etc/resolv.conf").resolve()
    inherited = (
        os.open(resolver.parent, os.O_PATH) if resolver.is_relative_to("/run") and resolver.exists() else -1
    )
    kernel.mount("tmpfs", "/run", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    if inherited >= 0 and resolver.parent != Path("/run"):
        resolver.parent.mkdir(parents=True)
        kernel.mount(f"/proc/self/fd/{inherited}", str(resolver.parent), None, kernel.MS_BIND)
        os.close(inherited)


if __name__ == "__main__":
    main()

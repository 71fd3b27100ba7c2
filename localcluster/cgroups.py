"""The cgroups of a machine: on v1 one in every hierarchy, on v2 one in all; below a systemd scope if need be.

A process is put into the machine's cgroup, makes it the root of its own cgroup namespace, and moves on
into the leaf `system`; pods get `kubepods` beside it. So no cgroup holds both processes and children with
controllers, which v2 forbids, and a kubelet takes its machine's usage for the whole computer's.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
LEAF = "system"


def is_unified(root: Path = ROOT) -> bool:
    """True on a machine with cgroup v2 alone."""
    return (root / "cgroup.controllers").exists()


def hierarchies(root: Path = ROOT) -> list[Path]:
    """The roots of the mounted hierarchies: one on v2, one a controller on v1 and hybrid.

    The hybrid `unified` counts too, since runc makes cgroups there.
    """
    if is_unified(root):
        return [root]
    if not root.is_dir():
        return []
    return sorted(p for p in root.iterdir() if not p.is_symlink() and (p / "cgroup.procs").exists())


def needs_scope(root: Path = ROOT) -> bool:
    """systemd owns the v2 tree and takes controllers away from cgroups that it did not delegate."""
    return is_unified(root) and Path("/run/systemd/system").is_dir()


def machine_cgroup(instance: str, machine: str, root: Path = ROOT) -> str:
    """The path below each hierarchy's root."""
    if needs_scope(root):
        return f"/system.slice/{scope_name(instance, machine)}"
    return f"/{instance}/{machine}"


def machine_names(instance: str, root: Path = ROOT) -> set[str]:
    """Machines of the instance that have a cgroup, alive or not."""
    if needs_scope(root):
        scopes = (root / "system.slice").glob(f"{instance}_*.scope")
        return {scope.name.removeprefix(f"{instance}_").removesuffix(".scope") for scope in scopes}
    folders = (h / instance for h in hierarchies(root) if (h / instance).is_dir())
    return {entry.name for folder in folders for entry in folder.iterdir() if entry.is_dir()}


def scope_name(instance: str, machine: str) -> str:
    """An underscore cannot stand in an instance's name, so one instance's scope is never another's."""
    return f"{instance}_{machine}.scope"


def enter(path: str, root: Path = ROOT) -> None:
    """Make the cgroup and put this process into it, in every hierarchy."""
    for hierarchy in hierarchies(root):
        unified = (hierarchy / "cgroup.controllers").exists()
        directory = hierarchy
        for part in Path(path.lstrip("/")).parts:
            parent, directory = directory, directory / part
            if directory.exists():
                continue
            if unified:
                _delegate(parent)
            directory.mkdir(exist_ok=True)
            if not unified:
                _fill_cpuset(parent, directory)
        (directory / "cgroup.procs").write_text(str(os.getpid()))


def settle(path: str, root: Path = ROOT) -> None:
    """Move this process into the leaf below the cgroup, and hand the controllers down."""
    for hierarchy in hierarchies(root):
        directory = hierarchy / path.strip("/")
        (directory / LEAF).mkdir(exist_ok=True)
        unified = (hierarchy / "cgroup.controllers").exists()
        if not unified:
            _fill_cpuset(directory, directory / LEAF)
        (directory / LEAF / "cgroup.procs").write_text(str(os.getpid()))
        if unified:
            _delegate(directory)


def processes(path: str, root: Path = ROOT) -> set[int]:
    """PIDs on the host of everything in the cgroup and below it."""
    found: set[int] = set()
    for directory in _below(path, root):
        try:
            found.update(int(pid) for pid in (directory / "cgroup.procs").read_text().split())
        except OSError:
            continue
    return found - {0}


def memory_bytes(path: str, root: Path = ROOT) -> int | None:
    """What the kernel counts for the cgroup, page cache included; None if there is no such cgroup."""
    for place in (
        root / path.strip("/") / "memory.current",
        root / "memory" / path.strip("/") / "memory.usage_in_bytes",
    ):
        if place.exists():
            return int(place.read_text())
    return None


def weigh(path: str, share: float, root: Path = ROOT) -> None:
    """Let the cgroup have `share` of what an ordinary one gets of a processor that both want."""
    for weight, ordinary in (
        (root / path.strip("/") / "cpu.weight", 100),
        (root / "cpu" / path.strip("/") / "cpu.shares", 1024),
    ):
        if weight.exists():
            weight.write_text(str(round(ordinary * share)))


def kill(path: str, deadline_seconds: float = 30, root: Path = ROOT) -> bool:
    """SIGKILL everything in it until nothing is left; False if something would not die in time."""
    deadline = time.monotonic() + deadline_seconds
    while left := processes(path, root):
        if time.monotonic() > deadline:
            return False
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)
    return True


def remove(path: str, deadline_seconds: float = 10, root: Path = ROOT) -> bool:
    """Remove the empty cgroup and all below it, deepest first; the kernel may take a moment to let go."""
    deadline = time.monotonic() + deadline_seconds
    while left := sorted(_below(path, root), key=lambda d: -len(d.parts)):
        for directory in left:
            try:
                directory.rmdir()
            except OSError:
                continue
        if time.monotonic() > deadline:
            return not list(_below(path, root))
        time.sleep(0.01)
    return True


def _below(path: str, root: Path) -> Iterator[Path]:
    for hierarchy in hierarchies(root):
        for directory, _, _ in os.walk(hierarchy / path.strip("/")):
            yield Path(directory)


def _delegate(directory: Path) -> None:
    wanted = (directory / "cgroup.controllers").read_text().split()
    have = (directory / "cgroup.subtree_control").read_text().split()
    for controller in sorted(set(wanted) - set(have)):
        (directory / "cgroup.subtree_control").write_text(f"+{controller}")


def _fill_cpuset(parent: Path, directory: Path) -> None:
    """A new cpuset of v1 takes no process while it is empty."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = directory / name
        if file.exists() and not file.read_text().strip():
            file.write_text((parent / name).read_text())

"""Proves that nothing of an instance is left on the computer, or tells what is."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from localcluster import built_in, cgroups, machines
from localcluster.instance import Instance


def find(instance: Instance) -> list[str]:
    """One line for each thing left: process, mount, network namespace, cgroup, link, folder."""
    return [
        *_processes(instance),
        *_mounts(instance),
        *_network_namespaces(),
        *_cgroups(instance),
        *_links(instance),
        *_folders(instance),
    ]


def _processes(instance: Instance) -> Iterator[str]:
    """Whatever names the state folder on its command line: all programs and shims of a machine do."""
    mark = re.compile(re.escape(str(instance.state)) + r"(?![\w.-])")
    own = _ancestors(os.getpid())
    for pid in _pids():
        if pid in own:
            continue
        try:
            line = (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
                .strip()
            )
        except OSError:
            continue
        if mark.search(line):
            yield f"process {pid}: {line[:120]}"


def _mounts(instance: Instance) -> Iterator[str]:
    inside = f"{instance.state}/"
    for point in sorted(built_in.mount_points_anywhere()):
        if point == str(instance.state) or point.startswith(inside):
            yield f"mount on {point}"


def _network_namespaces() -> Iterator[str]:
    """Ours have no name, so they live only while a process, a socket or a mount holds them: look for a mount.

    Named ones in /run/netns are made by container networks on the host itself, which we never do.
    """
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point, kind = line.split()[4], line.partition(" - ")[2].split()[0]
        if kind == "nsfs" and Path(point).name.startswith("cni-"):
            yield f"network namespace at {point}"


def _cgroups(instance: Instance) -> Iterator[str]:
    for name in sorted(cgroups.machine_names(instance.name)):
        yield f"cgroup {machines.cgroup(instance, name)}"
    for hierarchy in cgroups.hierarchies():
        if (folder := hierarchy / instance.name).exists():
            yield f"cgroup {folder}"


def _links(instance: Instance) -> Iterator[str]:
    ours = {node.hardware_address for node in instance.nodes}
    for link in Path("/sys/class/net").iterdir():
        address = link / "address"
        if address.exists() and address.read_text().strip() in ours:
            yield f"link {link.name}"


def _folders(instance: Instance) -> Iterator[str]:
    if instance.state.exists():
        yield f"folder {instance.state}"
    # Another instance may have let go of them only now, or be about to mount there.
    for path in built_in.remove_paths():
        yield f"folder {path}"


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _ancestors(pid: int) -> set[int]:
    """The process and those that started it: their command lines may name the state folder too."""
    found: set[int] = set()
    while pid > 1:
        found.add(pid)
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return found

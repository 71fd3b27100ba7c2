"""What must be free on this computer: disk, memory, inotify instances, ports."""

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from localcluster import machines
from localcluster.instance import Instance
from localcluster.preflight.problem import Problem, works

# For programs, base images and nodes that are made the first time, and for what is there already.
FREE_BYTES_FIRST, FREE_BYTES_AGAIN = 10 << 30, 1 << 30
CONTROL_MEMORY_MIB, NODE_MEMORY_MIB = 700, 150
INOTIFY_INSTANCES_CONTROL, INOTIFY_INSTANCES_A_NODE = 10, 12  # with a margin: some 5 and 9 were counted
INOTIFY_WATCHES = 8192


def what_is_short(instance: Instance) -> Iterator[Problem]:
    yield from _disk(instance)
    yield from _memory(instance)
    yield from _inotify(instance)
    yield from _ports(instance)


def _disk(instance: Instance) -> Iterator[Problem]:
    place = _nearest_folder(instance.state)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        for part in ("lower", "upper", "work", "merged"):
            (Path(folder) / part).mkdir()
        layers = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        if not works("unshare", "-m", "mount", "-t", "overlay", "overlay", "-o", layers, f"{folder}/merged"):
            yield Problem(
                f"The file system of {place} cannot carry container images (overlayfs refuses it).",
                "Set MADANG_STATE to a folder on ext4 or xfs.",
            )
    for kept, last_made in {instance.state: "etcd", instance.cache: "images"}.items():
        free, needed = shutil.disk_usage(_nearest_folder(kept)).free, bytes_needed(kept, last_made)
        if free < needed:
            yield Problem(
                f"{free / (1 << 30):.1f} GiB are free for {kept}; {needed >> 30} are needed.",
                "Make room (docs/operators.md, The disk is full); a new cluster's MADANG_STATE and "
                "MADANG_CACHE may be on another disk.",
            )


def bytes_needed(folder: Path, last_made: str) -> int:
    """How much has to be free: what was made before, as `last_made` in it tells, has to start again."""
    return FREE_BYTES_AGAIN if (folder / last_made).exists() else FREE_BYTES_FIRST


def _memory(instance: Instance) -> Iterator[Problem]:
    if machines.pid(instance, machines.CONTROL):
        return
    found = re.search(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text())
    available_mib = int(found[1]) >> 10 if found else 0
    needed_mib = CONTROL_MEMORY_MIB + NODE_MEMORY_MIB * len(instance.nodes)
    if available_mib < needed_mib:
        yield Problem(
            f"{available_mib} MiB of memory are free; {len(instance.nodes)} nodes need {needed_mib}.",
            "Close other programs, or lower MADANG_SPOT_NODES.",
        )


def _inotify(instance: Instance) -> Iterator[Problem]:
    """containerd and the kubelet do not start without; the limit counts all that root runs."""
    if machines.pid(instance, machines.CONTROL):
        return
    needed = INOTIFY_INSTANCES_CONTROL + INOTIFY_INSTANCES_A_NODE * len(instance.nodes)
    used = _inotify_instances_in_use()
    for name, least in (("max_user_instances", used + needed), ("max_user_watches", INOTIFY_WATCHES)):
        have = int(Path(f"/proc/sys/fs/inotify/{name}").read_text())
        if have < least:
            yield Problem(
                f"fs.inotify.{name} is {have}; {least} are needed for what runs now and this cluster.",
                f"sysctl -w fs.inotify.{name}={max(2 * have, least)}",
            )


def _inotify_instances_in_use() -> int:
    used = 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == os.geteuid():
                used += sum(str(d.readlink()) == "anon_inode:inotify" for d in (entry / "fd").iterdir())
        except OSError:
            continue
    return used


def _ports(instance: Instance) -> Iterator[Problem]:
    if machines.pid(instance, machines.CONTROL):
        return
    ports = instance.ports
    for use, port in (
        ("visitors", ports.http),
        ("API", ports.api),
        ("mirror", ports.mirror),
        ("proxy", ports.proxy),
        ("drills", ports.drill),
    ):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                yield Problem(
                    f"Port {port} of 127.0.0.1 ({use}) is taken.",
                    f"By whom: ss -ltnp 'sport = :{port}'. Or set MADANG_PORT_OFFSET=100 for other ports.",
                )


def _nearest_folder(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.is_dir())

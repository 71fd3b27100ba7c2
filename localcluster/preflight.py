"""What this computer must have before a start: all that is missing is told at once, with its remedy."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localcluster import cgroups, machines, network
from localcluster.errors import ClusterError
from localcluster.instance import Instance

KERNEL_NEEDED = (5, 13)
NFT_NEEDED = (1, 0, 1)
FREE_BYTES_NEEDED = 10 << 30
CONTROL_MEMORY_MIB, NODE_MEMORY_MIB = 700, 150
INOTIFY_INSTANCES_CONTROL, INOTIFY_INSTANCES_A_NODE = 10, 12  # with a margin: some 5 and 9 were counted
INOTIFY_WATCHES = 8192
TOOLS = {
    "ip": "iproute2",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "tinyproxy": "tinyproxy-bin",
    "unshare": "util-linux",
}


@dataclass(frozen=True)
class Problem:
    """One thing that stands in the way, and what to do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}\n    {self.remedy}"


def check(instance: Instance) -> None:
    """Raises ClusterError that lists every problem. Changes nothing."""
    found = list(problems(instance))
    if found:
        listed = "\n".join(f"  - {problem}" for problem in found)
        raise ClusterError(f"This computer is not ready for the cluster; nothing was changed.\n{listed}")


def problems(instance: Instance) -> Iterator[Problem]:
    if sys.platform != "linux":
        yield Problem(
            "This is not Linux.", "The nodes are made of Linux namespaces: use a Linux machine or VM."
        )
        return
    if os.geteuid() != 0:
        yield Problem("You are not root.", "Namespaces, mounts and cgroups need it: run it with sudo.")
        return
    yield from _namespaces()
    yield from _tools()
    yield from _kernel()
    yield from _cgroups()
    yield from _disk(instance)
    yield from _memory(instance)
    yield from _inotify(instance)
    yield from _ports(instance)


def _namespaces() -> Iterator[Problem]:
    if not _works("unshare", "-n", "-m", "-p", "-u", "-i", "-C", "-f", "true"):
        yield Problem(
            "This root may not make namespaces (a container without privileges?).",
            "Use a machine or a VM of its own.",
        )


def _tools() -> Iterator[Problem]:
    missing = {tool: package for tool, package in TOOLS.items() if not shutil.which(tool)}
    if cgroups.needs_scope() and not shutil.which("systemd-run"):
        missing["systemd-run"] = "systemd"
    if missing:
        packages = " ".join(sorted(set(missing.values())))
        yield Problem(f"Programs are missing: {', '.join(missing)}.", f"apt-get install {packages}")
    if "nft" not in missing:
        version = _numbers(_said("nft", "--version"))
        if version < NFT_NEEDED:
            yield Problem(
                f"nft {'.'.join(map(str, version))} is too old for kube-proxy.",
                "Install nftables 1.0.1 or newer.",
            )


def _kernel() -> Iterator[Problem]:
    release = os.uname().release
    if _numbers(release)[:2] < KERNEL_NEEDED:
        yield Problem(
            f"Linux {release} is too old for kube-proxy's nftables.", "Boot a kernel of 5.13 or newer."
        )
    rules = "add table ip t; add chain ip t c { type nat hook output priority 0 ; }"
    if shutil.which("nft") and not _works("unshare", "-n", "nft", rules):
        yield Problem(
            "The kernel has no nf_tables with NAT.",
            "modprobe -a nf_tables nft_chain_nat nft_numgen; a kernel of the distribution has them.",
        )
    # Asked in a network of its own; either way of handing packets to the policy agent will do.
    if shutil.which("nft") and shutil.which("unshare") and not _can_queue():
        yield Problem(
            "The kernel can hand no packet to a program, so NetworkPolicies could not be enforced.",
            "modprobe -a nfnetlink_queue nft_queue (or xt_NFQUEUE).",
        )


def _can_queue() -> bool:
    borrowed = Path("/proc/net/ip_tables_targets")  # what nf_tables can borrow from x_tables
    return network.has_native_queue() or (borrowed.exists() and "NFQUEUE" in borrowed.read_text())


def _cgroups() -> Iterator[Problem]:
    roots = cgroups.hierarchies()
    if not roots:
        yield Problem("No cgroups are mounted at /sys/fs/cgroup.", "mount -t cgroup2 cgroup2 /sys/fs/cgroup")
        return
    if cgroups.is_unified():
        needed = {"cpu", "cpuset", "memory", "pids"}
        have = set((cgroups.ROOT / "cgroup.controllers").read_text().split())
    else:
        needed = {"cpu", "cpuacct", "cpuset", "devices", "memory", "pids"}
        have = {name for root in roots for name in root.name.split(",")}
    if lacking := needed - have:
        yield Problem(
            f"cgroup controllers are missing: {', '.join(sorted(lacking))}.",
            "Take cgroup_disable=… off the kernel's command line and restart the machine.",
        )


def _disk(instance: Instance) -> Iterator[Problem]:
    place = _nearest_folder(instance.state)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        for part in ("lower", "upper", "work", "merged"):
            (Path(folder) / part).mkdir()
        layers = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        if not _works("unshare", "-m", "mount", "-t", "overlay", "overlay", "-o", layers, f"{folder}/merged"):
            yield Problem(
                f"The file system of {place} cannot carry container images (overlayfs refuses it).",
                "Set MADANG_STATE to a folder on ext4 or xfs.",
            )
    for folder_wanted in {instance.state, instance.cache}:
        place = _nearest_folder(folder_wanted)
        if (free := shutil.disk_usage(place).free) < FREE_BYTES_NEEDED:
            yield Problem(
                f"{free >> 30} GiB are free for {folder_wanted}; {FREE_BYTES_NEEDED >> 30} are needed.",
                "Make room, or set MADANG_STATE and MADANG_CACHE to a larger disk.",
            )


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


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(n) for n in found.groups(default="0")) if found else (0,)


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _works(*command: str) -> bool:
    """What cannot be tried for want of a program is no problem of its own: the program is told of."""
    if not shutil.which(command[0]):
        return True
    return subprocess.run(command, capture_output=True, check=False).returncode == 0

"""What this computer must be able to do: namespaces, tools, its kernel, cgroups."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from localcluster import cgroups, network
from localcluster.preflight.problem import Problem, works

KERNEL_NEEDED = (5, 13)
NFT_NEEDED = (1, 0, 1)
TOOLS = {
    "ip": "iproute2",
    "mount": "mount",
    "nft": "nftables",
    "nsenter": "util-linux",
    "tinyproxy": "tinyproxy-bin",
    "unshare": "util-linux",
}


def what_is_missing() -> Iterator[Problem]:
    yield from _namespaces()
    yield from _tools()
    yield from _kernel()
    yield from _cgroups()


def _namespaces() -> Iterator[Problem]:
    if not works("unshare", "-n", "-m", "-p", "-u", "-i", "-C", "-f", "true"):
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
    if shutil.which("nft") and not works("unshare", "-n", "nft", rules):
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


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(n) for n in found.groups(default="0")) if found else (0,)


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout

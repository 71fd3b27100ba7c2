"""What is asked of Linux directly: namespaces, mounts, and a name for a process that is never used twice."""

import ctypes
import os
from pathlib import Path

NEWNS = 0x0002_0000
NEWCGROUP = 0x0200_0000
NEWUTS = 0x0400_0000
NEWIPC = 0x0800_0000
NEWPID = 0x2000_0000
NEWNET = 0x4000_0000

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND = 2, 4, 8, 0x1000
MS_REC, MS_SLAVE, MS_SHARED = 0x4000, 1 << 19, 1 << 20
MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(namespaces: int) -> None:
    """Python has os.unshare only from 3.12 on."""
    _check(_libc.unshare(namespaces), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Step into the namespace of an open /proc/PID/ns file; a socket made before stays where it was made."""
    _check(_libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str | None, flags: int = 0, data: str | None = None) -> None:
    """mount(2); raises OSError naming the target."""
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() if data else None,
    )
    _check(result, f"mount {kind or source} on {target}")


def unmount(target: str) -> None:
    """Take the mount away at once, even if it is busy."""
    _check(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def start_time(pid: int) -> int | None:
    """Clock ticks between boot and the start of the process, or None if there is none.

    Together with the PID it names a process for good. A dead one that is not reaped yet counts as none.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def boot_id() -> str:
    """Differs after a reboot, when a recorded PID and start time could by chance fit another process."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")

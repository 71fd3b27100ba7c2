"""The paths that the kubelet, libcni and containerd have built in.

Each node mounts its own folders there, so the places must exist on the host.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster.lock import held

PATHS = ("/var/lib/kubelet", "/var/lib/cni", "/var/log/pods", "/var/log/containers")
OUR_MARK = ".made-for-embedded-cluster-nodes"
LOCK = Path("/run/madang-built-in-paths.lock")


@contextmanager
def made_paths() -> Iterator[None]:
    """Around a machine's mounting: makes those that are not there, each with our mark, and none goes."""
    with held(LOCK, shared=True):
        for path in map(Path, PATHS):
            if not path.exists():
                path.mkdir(parents=True, exist_ok=True)
                (path / OUR_MARK).touch()
        yield


def remove_paths() -> list[Path]:
    """Remove those that we made and nobody mounts at, in another instance either; gives what stays of them,
    as something is in it.
    """
    left = []
    with held(LOCK):
        mounted = mount_points_anywhere()
        for path in map(Path, PATHS):
            # The kernel would quietly unmount it in the other machine if its place went.
            if str(path) in mounted or not (path / OUR_MARK).exists():
                continue
            if len(list(path.iterdir())) > 1:
                left.append(path)
                continue
            (path / OUR_MARK).unlink()
            path.rmdir()
    return left


def mount_points_anywhere() -> set[str]:
    """The mount points of every mount namespace that a process of this computer lives in."""
    seen: set[str] = set()
    found: set[str] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            namespace = str((entry / "ns/mnt").readlink())
            if namespace in seen:
                continue
            lines = (entry / "mountinfo").read_text().splitlines()
        except OSError:
            continue
        seen.add(namespace)
        found.update(line.split()[4] for line in lines)
    return found

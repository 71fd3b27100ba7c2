"""The paths that the kubelet, libcni and containerd have built in.

Each node mounts its own folders there, so the places must exist on the host.
"""

from pathlib import Path

PATHS = ("/var/lib/kubelet", "/var/lib/cni", "/var/log/pods", "/var/log/containers")
OUR_MARK = ".made-for-embedded-cluster-nodes"


def make_paths() -> None:
    """Make those that are not there, each with our mark."""
    for path in map(Path, PATHS):
        if not path.exists():
            path.mkdir(parents=True)
            (path / OUR_MARK).touch()


def remove_paths() -> None:
    """Remove those that we made, unless something is in them or another instance's machine mounts there."""
    mounted = mount_points_anywhere()
    for path in map(Path, PATHS):
        # The kernel would quietly unmount it in the other machine if its place went.
        if str(path) in mounted or not (path / OUR_MARK).exists() or len(list(path.iterdir())) > 1:
            continue
        (path / OUR_MARK).unlink()
        path.rmdir()


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

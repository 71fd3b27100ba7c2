"""Runs a command as root inside an image's files, and gives what it changed as a layer."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from localcluster.images.layer import pack
from localcluster.images.oci import Layer
from localcluster.images.store import Store, run

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

_NO_SERVICES = "#!/bin/sh\nexit 101\n"  # a policy-rc.d: no postinst may start its server


def changed(
    store: Store,
    below: tuple[Layer, ...],
    script: str,
    purpose: str,
    *,
    mounts: Mapping[str, Path] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Layer:
    """The layer of all that the shell script changed in the image of the layers `below`.

    `mounts` are host folders shown at those paths, which must exist in the image. Everything happens in
    mount and pid namespaces of its own: nothing is left over, whenever this is killed.
    """
    with store.scratch() as work:
        upper = within(store, work, below, script, purpose, mounts=mounts, environment=environment)
        return pack(store.blobs, {f"/{path.name}": path for path in upper.iterdir()}, owners=True)


def within(
    store: Store,
    work: Path,
    below: tuple[Layer, ...],
    script: str,
    purpose: str,
    *,
    mounts: Mapping[str, Path] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Path:
    """Like `changed`, but gives the folder (in `work`) of what was changed. Raises ClusterError."""
    upper, scratch, merged, scaffold = (work / name for name in ("upper", "scratch", "merged", "scaffold"))
    for folder in (upper, scratch, merged):
        folder.mkdir(mode=0o755)
    _lay_scaffold(scaffold)
    lower = ":".join(str(path) for path in [scaffold, *(store.tree(layer) for layer in reversed(below))])
    options = f"lowerdir={lower},upperdir={upper},workdir={scratch}"
    steps = [
        f"mount -t overlay overlay -o {shlex.quote(options)} {merged}",
        f"mount -t proc proc {merged}/proc",
        *(f"mount -t tmpfs tmpfs {merged}/{name}" for name in ("run", "tmp")),
        f"mount --bind /dev {merged}/dev",
        *(f"mount --bind {source} {merged}{target}" for target, source in (mounts or {}).items()),
    ]
    given = {
        "PATH": PATH,
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
        **{name: os.environ[name] for name in _PROXIES if name in os.environ},
        **(environment or {}),
    }
    inside = ["env", "-i", *(f"{name}={value}" for name, value in given.items()), "sh", "-ec", script]
    steps.append(shlex.join(["exec", "chroot", str(merged), *inside]))
    separate = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child"]
    run(
        [*separate, "sh", "-ec", "\n".join(steps)],
        purpose,
        stdin=subprocess.DEVNULL,
        end="KILL",  # unshare blocks the others while it waits, and its death is its child's (--kill-child)
    )
    return upper


def _lay_scaffold(scaffold: Path) -> None:
    """What the command needs and the layer must not hold: laid below the changes."""
    for name in ("dev", "etc", "usr/sbin"):
        (scaffold / name).mkdir(parents=True)
    policy = scaffold / "usr/sbin/policy-rc.d"
    policy.write_text(_NO_SERVICES)
    policy.chmod(0o755)
    resolver = Path("/etc/resolv.conf")
    (scaffold / "etc/resolv.conf").write_bytes(resolver.read_bytes() if resolver.exists() else b"")

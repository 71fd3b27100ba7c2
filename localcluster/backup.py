"""All of a cluster that cannot be made again, in one file; and a cluster from such a file.

The file is a tar.zst of the state folder's own paths, so that it can be read without Madang: the platform's
keys, the repositories, the images, and the database. Of a cluster that runs, the database comes first and as
PostgreSQL's own base backup (`postgres.tar`): every release that it knows has its commit in the repositories.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import IO, Any

from localcluster import machines, nodes
from localcluster.errors import ClusterError
from localcluster.install.tree import TREE
from localcluster.install.values import NAMESPACE
from localcluster.install.volumes import VOLUMES
from localcluster.instance import MIB, Instance
from localcluster.report import Progress, Report

ABOUT, DATABASE, SECRETS = "backup.json", "postgres.tar", "secrets.json"
FORMAT = 1
# Of the database alone: what a pusher sends meanwhile is there whole, or not at all.
_BASE_BACKUP = ("pg_basebackup", "-U", "postgres", "-D", "-", "-F", "tar", "-X", "fetch", "-c", "fast")
_CHANGED_MEANWHILE = 1  # tar's exit code


def back_up(instance: Instance, target: Path, report: Report) -> Path:
    """Write the file, and give its path: `target`, or one with the time in its name in that folder.

    Nothing is stopped. The file is its owner's alone, and there whole or not at all. Raises ClusterError.
    """
    if not (instance.state / SECRETS).exists():
        raise ClusterError(
            f"There is nothing to back up: no platform of {instance.name!r} at {instance.state}."
        )
    if target.is_dir():
        target /= f"{instance.name}-{datetime.now():%Y%m%d-%H%M%S}.tar.zst"
    if target.exists():
        raise ClusterError(f"{target} is there already, and is left as it is. Name another file.")
    if not target.parent.is_dir():
        raise ClusterError(f"There is no folder {target.parent}.")
    with _beside(target) as folder:
        (folder / ABOUT).write_text(json.dumps(_about(instance), indent=2) + "\n")
        members = [f"--directory={folder}", ABOUT]
        if machines.pid(instance, machines.CONTROL) is not None:
            _copy_database(instance, folder / DATABASE)
            report(f"database ({_size(folder / DATABASE)})")
            members.append(DATABASE)
            volumes = [name for name in VOLUMES if name != "postgres"]
        else:
            volumes = list(VOLUMES)
        members += [f"--directory={instance.state}", SECRETS, *(f"volumes/{name}" for name in volumes)]
        whole = folder / "whole"
        whole.touch(mode=0o600)
        _tar("--create", whole, *members, fine=(0, _CHANGED_MEANWHILE))
        with whole.open("rb") as file:
            os.fsync(file.fileno())
        whole.rename(target)
    report(f"{target} ({_size(target)}): whoever has it has all keys; keep a copy off this machine")
    return target


def restore(instance: Instance, source: Path, report: Progress) -> None:
    """A cluster from the file, with every project that was live on its way. Raises ClusterError."""
    about = unpack(instance, source)
    report(f"unpacked what {about['instance']} was at {about['taken']} (version {about['version']})")
    from localcluster import startup

    startup.up(instance, report)
    _restart_projects(instance, report)


def unpack(instance: Instance, source: Path) -> dict[str, Any]:
    """The state folder as the file has it, whole or not at all; gives what the file says of itself.

    Only where no cluster is: nothing is ever written over. Raises ClusterError.
    """
    if instance.state.exists() and any(instance.state.iterdir()):
        raise ClusterError(
            f"There is a cluster at {instance.state}, and nothing of it is written over.\n"
            "`make destroy` removes it with all its data; MADANG_INSTANCE names another one beside it."
        )
    if not source.is_file():
        raise ClusterError(f"There is no file {source}.")
    fresh = instance.state.with_name(f"{instance.state.name}.restored")
    rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True, mode=0o700)
        _tar("--extract", source, f"--directory={fresh}", "--same-permissions")
        about = _read_about(fresh, source)
        if (fresh / DATABASE).exists():
            _unpack_database(fresh)
        if instance.state.exists():
            instance.state.rmdir()
        fresh.rename(instance.state)
    except BaseException:
        rmtree(fresh, ignore_errors=True)
        raise
    return about


def _about(instance: Instance) -> dict[str, Any]:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=TREE, capture_output=True, text=True, check=False
    )
    return {
        "format": FORMAT,
        "instance": instance.name,
        "taken": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "version": described.stdout.strip() or "unknown",
    }


def _read_about(folder: Path, source: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text())
        known = about["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"{source} is no backup of Madang's: it has no {ABOUT} of its kind.") from error
    if not known:
        raise ClusterError(
            f"{source} was made by another version ({about.get('version')}): restore it with that one, and "
            "upgrade afterwards."
        )
    return about


def _copy_database(instance: Instance, into: Path) -> None:
    with into.open("wb") as file:
        _in_pod(instance, ("postgres-0",), _BASE_BACKUP, to=file)


def _unpack_database(fresh: Path) -> None:
    volume, owner = fresh / "volumes/postgres", VOLUMES["postgres"]
    data = volume / "pg"
    for folder in (volume, data):
        folder.mkdir(mode=0o700, parents=True)
        os.chown(folder, owner.user, owner.group)
    to = (f"--directory={data}", "--file", str(fresh / DATABASE))
    _run("tar", "--extract", "--numeric-owner", "--same-permissions", *to)
    (fresh / DATABASE).unlink()


def _restart_projects(instance: Instance, report: Report) -> None:
    """Their Kubernetes objects are in no backup: rollouts make them."""
    portal = ("deployment/portal", "--container=portal")
    told = _in_pod(instance, portal, ("django-admin", "restart_projects", "--all"), to=subprocess.PIPE)
    for line in told.splitlines():
        report(line)


def _in_pod(instance: Instance, pod: Sequence[str], words: Sequence[str], to: IO[bytes] | int) -> str:
    kubectl = str(nodes.programs_in_use(instance) / "kubectl")
    into = (f"--kubeconfig={instance.kubeconfig}", f"--namespace={NAMESPACE}", "exec", *pod, "--")
    return _run(kubectl, *into, *words, to=to)


def _tar(what: str, archive: Path, *words: str, fine: tuple[int, ...] = (0,)) -> None:
    _run("tar", what, "--zstd", "--numeric-owner", "--file", str(archive), *words, fine=fine)


def _run(*command: str, to: IO[bytes] | int = subprocess.DEVNULL, fine: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, stdout=to, stderr=subprocess.PIPE, check=False)
    if done.returncode not in fine:
        said = done.stderr.decode("utf-8", "replace").strip()[-2000:]
        raise ClusterError(f"`{' '.join(command[:3])} …` failed ({done.returncode}):\n{said}")
    return (done.stdout or b"").decode("utf-8", "replace")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder that only its owner sees, on the target's own disk; gone in the end."""
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
        yield Path(folder)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / MIB:.0f} MiB"

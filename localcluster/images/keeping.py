"""Which of the platform's images stay in the mirror: those that a cluster, running or stopped, may yet want.

A cluster's own list is the truth: what it runs, and what helm can go back to. One that was destroyed keeps
nothing. Base images stay by their names.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster.authority import write_whole
from localcluster.images.registry import Registry
from localcluster.images.store import run
from localcluster.lock import held
from localcluster.programs import store_of, users
from localcluster.report import Report

PLATFORM = "madang/"
_LIST = "images.json"
_REGISTRY = "docker.io/"
_SHORT = 16


def tag(digest: str) -> str:
    """What an image of the platform is called by in the mirror."""
    return digest.removeprefix("sha256:")[:_SHORT]


@contextmanager
def pushing(cache: Path) -> Iterator[None]:
    """Around a push: nothing goes meanwhile, and no other cluster of the cache pushes.

    Each has a registry of its own on the one storage, and writes a file there before the other's eyes.
    """
    with held(_lock(cache)):
        yield


def keep_also(state: Path, references: Iterable[str]) -> None:
    """Before they are pushed: the cluster is to have these too. One without a list keeps all by that."""
    if (known := _needed(state)) is not None:
        _write(state, known.union(references))


def keep(cache: Path, state: Path, references: Iterable[str]) -> None:
    """The cluster needs these and no other: "docker.io/madang/NAME@sha256:…", or with a tag."""
    with pushing(cache):
        _write(state, references)


def forget_old(cache: Path, mirror: str, storage: Path, collect: tuple[str, ...], report: Report) -> None:
    """Take out of the mirror (host:port) what no cluster needs, and what no name leads to any more.

    `collect` is the command that gives back the room in its `storage`. Quick where there is nothing.
    Nothing goes while a cluster has no list: one without Madang, or that an earlier version brought up.
    Raises ClusterError.
    """
    with held(_lock(cache)):
        lists = [_needed(link.parent) for link in users(store_of(cache))]
        if None in lists:
            return
        registry = Registry(mirror)
        registry.untag(surplus(registry.tagged(PLATFORM), (name for known in lists for name in known or ())))
        if old := _without_a_name(storage):
            run([*collect], "take old images out of the mirror")
            report(f"{old} old images left the mirror")


def surplus(tagged: Iterable[str], references: Iterable[str]) -> set[str]:
    """Of those in the mirror ("REPOSITORY:TAG") the ones that no reference needs."""
    return set(tagged) - {_name(reference) for reference in references}


def _name(reference: str) -> str:
    name, _, digest = reference.removeprefix(_REGISTRY).partition("@")
    return f"{name}:{tag(digest)}" if digest else name


def _without_a_name(storage: Path) -> int:
    """Images that lie in the registry's folder and that no tag leads to."""
    found = 0
    for manifests in (storage / "docker/registry/v2/repositories").glob("*/*/_manifests"):
        tagged = {link.read_text() for link in manifests.glob("tags/*/current/link")}
        there = {link.read_text() for link in manifests.glob("revisions/sha256/*/link")}
        found += len(there - tagged)
    return found


def _needed(state: Path) -> set[str] | None:
    try:
        return set(json.loads((state / _LIST).read_text()))
    except FileNotFoundError:
        return None


def _write(state: Path, references: Iterable[str]) -> None:
    write_whole(state / _LIST, json.dumps(sorted(set(references)), indent=1).encode())


def _lock(cache: Path) -> Path:
    return cache / "mirror.lock"

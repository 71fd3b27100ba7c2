"""Which images stay in the mirror when `up` brings others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from localcluster.images import keeping
from localcluster.images.keeping import forget_old, keep, keep_also, surplus
from localcluster.lock import held
from localcluster.programs import note_user, store_of

OLD, NOW, NEW = (f"sha256:{letter * 64}" for letter in "abc")
PAUSE = "docker.io/madang/pause:1"


def reference(digest: str) -> str:
    return f"docker.io/madang/platform@{digest}"


def name(digest: str) -> str:
    return f"madang/platform:{keeping.tag(digest)}"


class Mirror:
    """Stands for the registry; its storage has a folder for each image, as the registry lays it out."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.names: set[str] = set()

    def __call__(self, address: str) -> Mirror:
        return self

    def fill(self, *digests: str) -> None:
        for digest in digests:
            self.names.add(name(digest))
            self._write("revisions/sha256", digest.removeprefix("sha256:"), "link", digest=digest)
            self._write("tags", keeping.tag(digest), "current", "link", digest=digest)
        self.names.add("madang/pause:1")

    def tagged(self, prefix: str) -> set[str]:
        return {each for each in self.names if each.startswith(prefix)}

    def untag(self, names: Iterable[str]) -> None:
        for each in list(names):
            self.names.remove(each)
            (self._manifests / "tags" / each.rpartition(":")[2] / "current/link").unlink()

    @property
    def _manifests(self) -> Path:
        return self.storage / "docker/registry/v2/repositories/madang/platform/_manifests"

    def _write(self, *parts: str, digest: str) -> None:
        file = self._manifests.joinpath(*parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(digest)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    mirror = Mirror(tmp_path / "mirror")
    monkeypatch.setattr(keeping, "Registry", mirror)
    monkeypatch.setattr(keeping, "run", lambda command, purpose: collected.append(command))
    collected.clear()
    return mirror


collected: list[list[str]] = []


def cluster(tmp_path: Path, called: str, *digests: str) -> Path:
    """The state folder of a cluster that was brought up from this cache and runs these."""
    state = tmp_path / called
    state.mkdir()
    (state / "bin").symlink_to(store_of(tmp_path) / "0/bin")
    note_user(store_of(tmp_path), state / "bin")
    if digests:
        keep(tmp_path, state, [PAUSE, *map(reference, digests)])
    return state


def tidy(tmp_path: Path, mirror: Mirror) -> set[str]:
    """What is left in the mirror."""
    forget_old(tmp_path, "mirror:5000", mirror.storage, ("collect",), lambda _: None)
    return mirror.names - {"madang/pause:1"}


def test_what_is_run_and_what_helm_can_go_back_to_stays(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fill(OLD, NOW, NEW)
    cluster(tmp_path, "one", NOW, NEW)
    assert tidy(tmp_path, mirror) == {name(NOW), name(NEW)}
    assert "madang/pause:1" in mirror.names
    assert collected == [["collect"]]


def test_what_another_cluster_of_the_same_cache_runs_stays(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fill(OLD, NOW, NEW)
    cluster(tmp_path, "one", NEW)
    cluster(tmp_path, "another", OLD)
    assert tidy(tmp_path, mirror) == {name(OLD), name(NEW)}


def test_a_cluster_that_was_destroyed_keeps_nothing(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fill(OLD, NEW)
    cluster(tmp_path, "one", NEW)
    (cluster(tmp_path, "another", OLD) / "bin").unlink()
    assert tidy(tmp_path, mirror) == {name(NEW)}


def test_beside_a_cluster_that_has_not_said_what_it_needs_nothing_goes(
    tmp_path: Path, mirror: Mirror
) -> None:
    mirror.fill(OLD, NEW)
    cluster(tmp_path, "one", NEW)
    unsaid = cluster(tmp_path, "another")
    keep_also(unsaid, [reference(NEW)])
    assert tidy(tmp_path, mirror) == {name(OLD), name(NEW)}


def test_what_is_about_to_be_pushed_is_needed_too(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fill(NOW, NEW)
    keep_also(cluster(tmp_path, "one", NOW), [reference(NEW)])
    assert tidy(tmp_path, mirror) == {name(NOW), name(NEW)}


def test_an_image_whose_names_went_to_another_is_collected(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fill(OLD, NEW)
    mirror.untag([name(OLD)])
    cluster(tmp_path, "one", NEW)
    assert tidy(tmp_path, mirror) == {name(NEW)}
    assert collected


def test_where_nothing_is_old_nothing_is_done(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fill(NEW)
    cluster(tmp_path, "one", NEW)
    tidy(tmp_path, mirror)
    assert not collected


def test_an_image_is_known_by_its_digest_or_its_tag() -> None:
    there = {name(OLD), name(NEW), "madang/pause:1", "madang/pause:0"}
    assert surplus(there, [reference(NEW), PAUSE]) == {name(OLD), "madang/pause:0"}


class WouldWait(Exception):
    """Another holds the lock."""


def wait() -> None:
    raise WouldWait


@pytest.mark.parametrize("shared", [False, True])
def test_one_cluster_pushes_at_a_time(tmp_path: Path, shared: bool) -> None:
    """A registry writes a file in place, which another one on the same storage may read half-written."""
    lock = tmp_path / "mirror.lock"
    with keeping.pushing(tmp_path), pytest.raises(WouldWait), held(lock, wait, shared=shared):
        pass

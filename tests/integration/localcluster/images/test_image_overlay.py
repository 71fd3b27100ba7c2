"""Against the real Debian base, which is made when the cache has none."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcluster.errors import ClusterError
from localcluster.images.debian import debian
from localcluster.images.oci import Image
from localcluster.images.overlay import changed
from localcluster.images.store import Store, open_store
from localcluster.instance import Instance


@pytest.fixture(scope="module")
def store() -> Store:
    return open_store(Instance.from_environment().cache, print)


@pytest.fixture(scope="module")
def base(store: Store) -> Image:
    return debian(store)


def _members(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as tar:
        return {member.name: member for member in tar}


def test_a_layer_holds_what_changed_and_nothing_of_the_scaffold(store: Store, base: Image) -> None:
    script = "echo hello >/etc/hello; chown 33:33 /etc/hello; rm /etc/debian_version; : >/tmp/scratch"
    members = _members(changed(store, base.layers, script, "try the overlay").path)
    assert set(members) == {"etc", "etc/hello", "etc/.wh.debian_version"}
    assert members["etc/hello"].uid == 33


def test_the_same_change_twice_is_the_same_layer(store: Store, base: Image) -> None:
    layers = [changed(store, base.layers, "mkdir /a; echo b >/a/b", "try the overlay") for _ in range(2)]
    assert layers[0].digest == layers[1].digest


def test_a_failing_script_says_what_it_said(store: Store, base: Image) -> None:
    with pytest.raises(ClusterError, match=r"try the overlay(.|\n)*no such thing"):
        changed(store, base.layers, "echo no such thing >&2; exit 3", "try the overlay")


def test_nothing_stays_mounted(store: Store, base: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its own folder: beside it others may make images of the same store."""
    used: list[Path] = []
    scratch = Store.scratch

    @contextmanager
    def watched(self: Store) -> Iterator[Path]:
        with scratch(self) as folder:
            used.append(folder)
            yield folder

    monkeypatch.setattr(Store, "scratch", watched)
    changed(store, base.layers, "true", "try the overlay")
    (folder,) = used
    assert str(folder) not in Path("/proc/mounts").read_text()
    assert not folder.exists()

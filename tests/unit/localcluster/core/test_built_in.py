"""The places on the host at which each node mounts its own folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcluster import built_in
from localcluster.lock import held


class WouldWait(Exception):
    """Another holds the lock."""


def wait() -> None:
    raise WouldWait


@pytest.fixture
def kubelet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "lib/kubelet"
    monkeypatch.setattr(built_in, "PATHS", (str(place),))
    monkeypatch.setattr(built_in, "LOCK", tmp_path / "lock")
    return place


def test_no_place_goes_while_a_machine_mounts_there(kubelet: Path) -> None:
    """Another instance's machine would lose what it has just mounted."""
    with built_in.made_paths(), built_in.made_paths():
        assert kubelet.is_dir()
        with pytest.raises(WouldWait), held(built_in.LOCK, wait):
            pass
    assert built_in.remove_paths() == []
    assert not kubelet.exists()


def test_what_was_there_before_stays(kubelet: Path) -> None:
    kubelet.mkdir(parents=True)
    with built_in.made_paths():
        pass
    assert built_in.remove_paths() == []
    assert kubelet.is_dir()


def test_what_has_something_in_it_stays_and_is_told(kubelet: Path) -> None:
    with built_in.made_paths():
        (kubelet / "pods").mkdir()
    assert built_in.remove_paths() == [kubelet]
    assert kubelet.is_dir()

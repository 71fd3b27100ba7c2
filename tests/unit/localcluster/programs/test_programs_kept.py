import os
from pathlib import Path

import pytest

from localcluster.programs.keeping import NEWEST, forget_old, note_user


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A cache with more compilations than are kept; "0" is the oldest."""
    store = tmp_path / "programs"
    for age in range(NEWEST + 2):
        folder = store / str(age)
        (folder / "bin").mkdir(parents=True)
        os.utime(folder, (age, age))
    return store


def kept(store: Path) -> set[str]:
    return {path.parent.name for path in store.glob("*/bin")}


def link(state: Path, programs: Path) -> Path:
    """A cluster's note of the programs it runs."""
    state.mkdir(exist_ok=True)
    (state / "bin").unlink(missing_ok=True)
    (state / "bin").symlink_to(programs)
    return state / "bin"


def test_the_newest_stay(store: Path) -> None:
    forget_old(store)
    assert kept(store) == {"2", "3", "4"}


def test_what_a_cluster_starts_from_stays_however_old_it_is(store: Path, tmp_path: Path) -> None:
    note_user(store, link(tmp_path / "one", store / "0/bin"))
    note_user(store, link(tmp_path / "another", store / "0/bin"))
    forget_old(store)
    assert kept(store) == {"0", "2", "3", "4"}


def test_a_cluster_that_went_on_to_others_keeps_those(store: Path, tmp_path: Path) -> None:
    note_user(store, link(tmp_path / "one", store / "0/bin"))
    note_user(store, link(tmp_path / "one", store / "1/bin"))
    forget_old(store)
    assert kept(store) == {"1", "2", "3", "4"}


def test_a_cluster_that_was_destroyed_keeps_nothing(store: Path, tmp_path: Path) -> None:
    bin = link(tmp_path / "one", store / "0/bin")
    note_user(store, bin)
    bin.unlink()
    forget_old(store)
    assert kept(store) == {"2", "3", "4"}
    assert list((store / "users").iterdir()) == []


def test_programs_from_elsewhere_keep_nothing(store: Path, tmp_path: Path) -> None:
    note_user(store, link(tmp_path / "one", tmp_path / "elsewhere"))
    forget_old(store)
    assert kept(store) == {"2", "3", "4"}

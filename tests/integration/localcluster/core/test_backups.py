"""A backup is whole or not there, closed to others, and is unpacked only where nothing is."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from localcluster.backup import ABOUT, back_up, unpack
from localcluster.errors import ClusterError
from localcluster.install.volumes import VOLUMES, ensure
from localcluster.instance import Instance


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """A cluster that does not run, with a file in each volume."""
    monkeypatch.setenv("MADANG_INSTANCE", "backup-test")
    monkeypatch.setenv("MADANG_STATE", str(tmp_path / "state"))
    instance = Instance.from_environment()
    ensure(instance)
    (instance.state / "secrets.json").write_text("{}")
    (instance.state / "etcd").mkdir()
    for name, volume in VOLUMES.items():
        file = instance.volumes / name / "file"
        file.write_text(name)
        os.chown(file, volume.user, volume.group)
        file.chmod(0o640)
    return instance


@pytest.fixture
def nowhere(stopped: Instance, tmp_path: Path) -> Instance:
    return replace(stopped, state=tmp_path / "elsewhere/state")


def quiet(_: str) -> None:
    pass


def test_what_was_backed_up_is_unpacked_as_it_was(
    stopped: Instance, nowhere: Instance, tmp_path: Path
) -> None:
    file = back_up(stopped, tmp_path, quiet)
    assert file.parent == tmp_path
    assert file.name.startswith("backup-test-")
    assert file.stat().st_mode & 0o777 == 0o600
    about = unpack(nowhere, file)
    assert about["instance"] == "backup-test"
    for name, volume in VOLUMES.items():
        folder, found = nowhere.volumes / name, nowhere.volumes / name / "file"
        assert found.read_text() == name
        status = found.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (volume.user, volume.group, 0o640)
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not (nowhere.state / "etcd").exists(), "it is made anew"


def test_nothing_is_written_over(stopped: Instance, tmp_path: Path) -> None:
    file = back_up(stopped, tmp_path / "one.tar.zst", quiet)
    before = file.read_bytes()
    with pytest.raises(ClusterError, match="is there already"):
        back_up(stopped, file, quiet)
    assert file.read_bytes() == before
    with pytest.raises(ClusterError, match="nothing of it is written over"):
        unpack(stopped, file)
    assert (stopped.volumes / "git/file").read_text() == "git"


def test_a_backup_that_fails_leaves_nothing(stopped: Instance, tmp_path: Path) -> None:
    (stopped.volumes / "git/file").unlink()
    (stopped.volumes / "git").rmdir()
    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(ClusterError, match="volumes/git"):
        back_up(stopped, folder, quiet)
    assert list(folder.iterdir()) == []


def test_where_there_is_nothing_to_back_up_it_says_so(nowhere: Instance, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="nothing to back up"):
        back_up(nowhere, tmp_path, quiet)


def test_a_folder_that_is_not_there_is_named(stopped: Instance, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="There is no folder"):
        back_up(stopped, tmp_path / "no/such.tar.zst", quiet)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (None, "no backup of Madang's"),
        ("not JSON", "no backup of Madang's"),
        ("[1]", "no backup of Madang's"),
        ('{"format": 99, "version": "later"}', r"another version \(later\)"),
    ],
)
def test_another_kind_of_file_is_refused_and_leaves_nothing(
    nowhere: Instance, tmp_path: Path, about: str | None, said: str
) -> None:
    folder, file = tmp_path / "other", tmp_path / "other.tar.zst"
    folder.mkdir()
    (folder / "photo").write_text("of us")
    if about is not None:
        (folder / ABOUT).write_text(about)
    subprocess.run(["tar", "--create", "--zstd", "--file", file, f"--directory={folder}", "."], check=True)
    with pytest.raises(ClusterError, match=said):
        unpack(nowhere, file)
    assert list(nowhere.state.parent.iterdir()) == []


def test_a_file_that_is_cut_off_is_refused_and_leaves_nothing(
    stopped: Instance, nowhere: Instance, tmp_path: Path
) -> None:
    file = back_up(stopped, tmp_path / "one.tar.zst", quiet)
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(ClusterError, match="tar"):
        unpack(nowhere, file)
    assert list(nowhere.state.parent.iterdir()) == []

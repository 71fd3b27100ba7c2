import os
from pathlib import Path

import pytest

from localcluster.programs import manifest
from localcluster.programs.recipe import KUBERNETES, PROGRAMS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    for name in PROGRAMS:
        path = tmp_path / "bin" / name
        if name in KUBERNETES:
            path.symlink_to("kube")
        else:
            path.write_text(f"program {name}")
            path.chmod(0o755)
    manifest.write(tmp_path)
    return tmp_path


def test_what_was_written_is_whole(folder: Path) -> None:
    assert manifest.is_whole(folder)


def test_a_folder_that_is_not_there_is_not_whole(tmp_path: Path) -> None:
    assert not manifest.is_whole(tmp_path / "nothing")


def test_a_truncated_program_is_seen(folder: Path) -> None:
    (folder / "bin/etcd").write_text("pro")
    assert not manifest.is_whole(folder)


def test_other_bytes_of_the_same_length_are_seen(folder: Path) -> None:
    path = folder / "bin/etcd"
    path.write_text(path.read_text().upper())
    assert not manifest.is_whole(folder)


def test_a_copied_cache_is_whole_though_its_times_differ(folder: Path) -> None:
    os.utime(folder / "bin/etcd", (1, 1))
    assert manifest.is_whole(folder)


@pytest.mark.parametrize("name", ["runc", "kubelet"])
def test_a_missing_program_is_seen(folder: Path, name: str) -> None:
    (folder / "bin" / name).unlink()
    assert not manifest.is_whole(folder)


def test_a_program_that_may_not_run_is_seen(folder: Path) -> None:
    (folder / "bin/helm").chmod(0o644)
    assert not manifest.is_whole(folder)


def test_a_half_written_manifest_is_seen(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"etcd": {"by')
    assert not manifest.is_whole(folder)

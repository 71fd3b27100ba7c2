import os
import tarfile
from pathlib import Path

import pytest

from localcluster.images.layer import Folder, Link, Text, pack
from localcluster.images.oci import Layer


def _tree(root: Path, seconds: int) -> Path:
    (root / "lib/deep").mkdir(parents=True)
    for name in ("lib/b", "lib/a", "lib/deep/c"):
        (root / name).write_text(name)
        os.utime(root / name, (seconds, seconds))
    (root / "lib/link").symlink_to("a")
    return root


def _members(layer: Layer) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(layer.path) as tar:
        return {member.name: member for member in tar}


def test_the_same_files_give_the_same_bytes_whenever_they_were_written(tmp_path: Path) -> None:
    old, new = _tree(tmp_path / "old", 1), _tree(tmp_path / "new", 2_000_000_000)
    assert pack(tmp_path, {"/usr": old}).digest == pack(tmp_path, {"/usr": new}).digest


def test_folders_above_a_file_come_before_it(tmp_path: Path) -> None:
    names = list(_members(pack(tmp_path, {"/etc/app/settings": Text(b"x")})))
    assert names == ["etc", "etc/app", "etc/app/settings"]


def test_everything_belongs_to_root_and_carries_no_name_of_this_machine(tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_text("x")
    os.chown(source, 1234, 1234) if os.getuid() == 0 else None
    member = _members(pack(tmp_path / "blobs", {"/file": source}))["file"]
    assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "", "", 0)


def test_links_folders_and_texts_are_what_they_say(tmp_path: Path) -> None:
    entries = {
        "/bin/python": Link("python3"),
        "/data": Folder(0o750, 999),
        "/start": Text(b"#!/bin/sh\n", 0o755),
    }
    members = _members(pack(tmp_path, entries))
    assert members["bin/python"].linkname == "python3"
    assert (members["data"].mode, members["data"].uid) == (0o750, 999)
    assert (members["start"].mode, members["start"].size) == (0o755, 10)


def test_a_failed_packing_leaves_no_file_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pack(tmp_path / "blobs", {"/a": tmp_path / "is not there"})
    assert list((tmp_path / "blobs").iterdir()) == []

"""Commits read with the real git."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from deployer.errors import PermanentError, UserError
from deployer.source import read_snapshot, write_archive
from deployer.source.tree import MAX_FILES


class Repository:
    """A student's repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main", str(folder), at=folder.parent)

    def git(self, *words: str, at: Path | None = None, **environment: str) -> str:
        author = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *words],
            cwd=at or self.folder,
            env={**os.environ, **author, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def told(self, *words: str, stdin: str) -> str:
        """What git answers to what it is given."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, input=stdin, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, path: str, content: str | bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "work")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "work"
    folder.mkdir()
    return Repository(folder)


def test_a_snapshot_holds_what_detection_reads(repository: Repository) -> None:
    repository.write("madang.yaml", "web:\n  port: 9000\n")
    repository.write("Procfile", "web: python app.py\n")
    repository.write("pkg/sub/app.py", "app = 1\n")
    repository.write("한글 이름.txt", "x")
    snapshot = read_snapshot(repository.folder, repository.commit())
    assert snapshot.manifest.web.port == 9000
    assert snapshot.procfile == {"web": "python app.py"}
    assert snapshot.files["pkg/sub/app.py"] == "app = 1\n"
    assert "한글 이름.txt" in snapshot.paths
    assert "한글 이름.txt" not in snapshot.files


def test_a_requirements_file_from_powershell_is_read(repository: Repository) -> None:
    repository.write("requirements.txt", "flask==3.1.0\r\n".encode("utf-16"))
    snapshot = read_snapshot(repository.folder, repository.commit())
    assert snapshot.files["requirements.txt"].strip() == "flask==3.1.0"


def test_a_dockerfile_that_madang_yaml_names_is_read_too(repository: Repository) -> None:
    repository.write("madang.yaml", "build:\n  dockerfile: deploy/web.Dockerfile\n")
    repository.write("deploy/web.Dockerfile", "FROM a\nEXPOSE 3000\n")
    snapshot = read_snapshot(repository.folder, repository.commit())
    assert "EXPOSE 3000" in snapshot.files["deploy/web.Dockerfile"]


def test_a_push_is_read_before_it_is_accepted(repository: Repository, tmp_path: Path) -> None:
    """Only the quarantine holds the new objects, as in a pre-receive hook."""
    repository.write("index.html", "new")
    commit = repository.commit()
    bare = tmp_path / "bare.git"
    repository.git("init", "--quiet", "--bare", str(bare))
    environment = {
        "GIT_OBJECT_DIRECTORY": str(repository.folder / ".git/objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(bare / "objects"),
    }
    with pytest.raises(PermanentError):
        read_snapshot(bare, commit)
    assert "index.html" in read_snapshot(bare, commit, environment).paths
    assert write_archive(bare, commit, tmp_path / "a.tar.gz", environment).size_bytes > 0


def test_an_archive_holds_the_commit_and_is_the_same_each_time(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("run.sh", "#!/bin/sh\n")
    (repository.folder / "run.sh").chmod(0o755)
    repository.write("d/link-target", "x")
    (repository.folder / "link").symlink_to("d/link-target")
    commit = repository.commit()
    first = write_archive(repository.folder, commit, tmp_path / "a.tar.gz")
    second = write_archive(repository.folder, commit, tmp_path / "b.tar.gz")
    assert first.sha256 == second.sha256
    with tarfile.open(first.path) as archive:
        assert {"run.sh", "d/link-target", "link"} <= set(archive.getnames())
        assert archive.getmember("run.sh").mode & 0o100
    assert sorted(path.name for path in tmp_path.glob("*.tar.gz*")) == ["a.tar.gz", "b.tar.gz"]


def test_a_link_out_of_the_project_is_refused_by_name(repository: Repository, tmp_path: Path) -> None:
    (repository.folder / "secrets").symlink_to("/etc/shadow")
    commit = repository.commit()
    for read in (
        lambda: read_snapshot(repository.folder, commit),
        lambda: write_archive(repository.folder, commit, tmp_path / "a.tar.gz"),
    ):
        with pytest.raises(UserError) as refused:
            read()
        assert "secrets is a symbolic link to /etc/shadow" in refused.value.explanation.what
    assert not list(tmp_path.glob("a.tar.gz*"))


def test_a_submodule_is_refused_by_name(repository: Repository) -> None:
    repository.write("index.html", "x")
    commit = repository.commit()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/theme")
    repository.git("commit", "--quiet", "--message", "submodule")
    with pytest.raises(UserError) as refused:
        read_snapshot(repository.folder, repository.git("rev-parse", "HEAD"))
    assert "vendor/theme is a git submodule" in refused.value.explanation.what


def test_a_commit_that_is_too_large_is_refused_with_its_largest_files(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("small.txt", "x")
    repository.write("data/huge.csv", b"0" * 300_000)
    with pytest.raises(UserError) as refused:
        write_archive(repository.folder, repository.commit(), tmp_path / "a.tar.gz", limit_bytes=200_000)
    assert "data/huge.csv" in refused.value.explanation.evidence.splitlines()[0]


def test_too_many_files_are_refused(repository: Repository) -> None:
    repository.write("index.html", "x")
    blob = repository.git("hash-object", "-w", "index.html")
    listing = "".join(f"100644 {blob}\tf{number}\n" for number in range(MAX_FILES + 1))
    subprocess.run(
        ["git", "update-index", "--index-info"], cwd=repository.folder, input=listing, text=True, check=True
    )
    repository.git("commit", "--quiet", "--message", "many")
    with pytest.raises(UserError) as refused:
        read_snapshot(repository.folder, repository.git("rev-parse", "HEAD"))
    assert refused.value.explanation.reason == "too-many-files"


def test_a_small_tree_that_names_billions_of_files_is_refused(repository: Repository, tmp_path: Path) -> None:
    """Each level names the one below ten times: twelve tiny objects, 10^12 files."""
    blob = repository.told("hash-object", "-w", "--stdin", stdin="x")
    tree = repository.told("mktree", stdin=f"100644 blob {blob}\tf\n")
    for _ in range(12):
        tree = repository.told(
            "mktree", stdin="".join(f"040000 tree {tree}\td{number}\n" for number in range(10))
        )
    commit = repository.git("commit-tree", tree, "-m", "bomb")
    for read in (
        lambda: read_snapshot(repository.folder, commit),
        lambda: write_archive(repository.folder, commit, tmp_path / "a.tar.gz"),
    ):
        with pytest.raises(UserError) as refused:
            read()
        assert refused.value.explanation.reason == "too-many-files"


def test_a_link_that_is_a_large_file_is_refused_unread(repository: Repository) -> None:
    blob = repository.told("hash-object", "-w", "--stdin", stdin="x/" * 5000)
    repository.git("update-index", "--add", "--cacheinfo", f"120000,{blob},link")
    repository.git("commit", "--quiet", "--message", "link")
    with pytest.raises(UserError) as refused:
        read_snapshot(repository.folder, repository.git("rev-parse", "HEAD"))
    assert refused.value.explanation.reason == "link-too-long"


def test_git_fills_nothing_into_a_file_on_its_way(repository: Repository, tmp_path: Path) -> None:
    """With export-subst these few bytes would become 32 KiB."""
    text = "$Format:%<(16384)%h%<(16384)%h$\n"
    repository.write(".gitattributes", "* export-subst\n")
    repository.write("page.txt", text)
    archive = write_archive(repository.folder, repository.commit(), tmp_path / "a.tar.gz")
    with tarfile.open(archive.path) as opened:
        found = opened.extractfile("page.txt")
        assert found is not None
        assert found.read().decode() == text


def test_what_git_complains_of_holds_nothing_up(repository: Repository, tmp_path: Path) -> None:
    """A line for each of these, together more than a pipe holds."""
    repository.write(".gitattributes", "".join(f"{number} !{'x' * 60}{{}}\n" for number in range(3000)))
    repository.write("page.txt", "hello")
    archive = write_archive(repository.folder, repository.commit(), tmp_path / "a.tar.gz")
    with tarfile.open(archive.path) as opened:
        assert opened.getnames() == [".gitattributes", "page.txt"]


def test_a_mistake_in_madang_yaml_is_refused_when_it_is_pushed(repository: Repository) -> None:
    repository.write("madang.yaml", "web:\n  prot: 1\n")
    with pytest.raises(UserError) as refused:
        read_snapshot(repository.folder, repository.commit())
    assert "madang.yaml line 2" in refused.value.explanation.what

"""Whose repository is whose, on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from portal.gitserver.housekeeping import clear_leftovers
from portal.gitserver.repositories import Owner, Repositories, folder_bytes, git_environment


@pytest.fixture
def repositories(tmp_path: Path) -> Repositories:
    configuration = tmp_path / "gitconfig"
    configuration.write_text("[safe]\n\tdirectory = *\n")
    (tmp_path / "root").mkdir()
    return Repositories(tmp_path / "root", git_environment(configuration, tmp_path))


ROBOTS = Owner(7, "2026-03-02T09:00:00+00:00", "main")


def test_a_repository_is_made_once(repositories: Repositories) -> None:
    path = repositories.ensure(ROBOTS)
    (path / "mark").touch()
    assert repositories.ensure(ROBOTS) == path
    assert (path / "mark").exists()
    assert repositories.all() == {7: path}
    assert repositories.git("symbolic-ref", "HEAD", at=path) == "refs/heads/main"


def test_a_project_that_got_the_same_number_later_does_not_get_the_repository(
    repositories: Repositories,
) -> None:
    """After a database was restored from a backup, ids are given again."""
    (repositories.ensure(ROBOTS) / "mark").touch()
    path = repositories.ensure(Owner(7, "2026-03-09T10:00:00+00:00", "main"))
    assert not (path / "mark").exists()


def test_a_project_that_comes_back_finds_its_repository_again(repositories: Repositories) -> None:
    path = repositories.ensure(ROBOTS)
    (path / "mark").touch()
    repositories.put_away(path)
    assert repositories.all() == {}
    assert (repositories.ensure(ROBOTS) / "mark").exists()


def test_a_half_made_repository_is_never_seen(repositories: Repositories) -> None:
    path = repositories.ensure(ROBOTS)
    assert [entry.name for entry in repositories.root.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "lock",
    [
        "HEAD.lock",
        "packed-refs.lock",
        "refs/heads/main.lock",
        "refs/heads/site/next.lock",
        "refs/tags/v1.lock",
        "objects/info/commit-graph.lock",
        "objects/info/commit-graphs/commit-graph-chain.lock",
        "objects/pack/multi-pack-index.lock",
    ],
)
def test_a_lock_of_a_killed_server_is_in_nobodys_way(repositories: Repositories, lock: str) -> None:
    path = repositories.ensure(ROBOTS)
    tree = repositories.git("mktree", at=path, stdin="")
    author = ("-c", "user.name=Minji", "-c", "user.email=minji@example.org")
    commit = repositories.git(*author, "commit-tree", "-m", "site", tree, at=path)
    (path / lock).parent.mkdir(parents=True, exist_ok=True)
    (path / lock).touch()
    clear_leftovers(repositories)
    for name in ("refs/heads/main", "refs/heads/site/next", "refs/tags/v1"):
        repositories.git("update-ref", name, commit, at=path)
    repositories.git("symbolic-ref", "HEAD", "refs/heads/site/next", at=path)
    repositories.git("gc", "--quiet", at=path)
    assert not (path / lock).exists()
    assert repositories.tip(path, "site/next") == commit


def test_a_file_that_goes_while_sizes_are_summed_up_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another push's quarantine ends at any moment."""
    (tmp_path / "pack").write_bytes(b"123")
    listed = os.walk

    def walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
        for inside, folders, names in listed(folder):
            yield str(inside), folders, [*names, "gone"]

    monkeypatch.setattr(os, "walk", walk)
    assert folder_bytes(tmp_path) == 3

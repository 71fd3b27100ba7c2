"""Bare repositories on the disk, one a project, named by the project's id."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

# A file of ours among git's own in a repository.
_BORN = "madang-project"


@dataclass(frozen=True)
class Owner:
    """The project that a repository belongs to. `born` tells two projects with the same id apart: a
    database that was restored from a backup gives ids again, and nobody may get another one's repository."""

    project_id: int
    born: str
    branch: str


@dataclass(frozen=True)
class Repositories:
    """`root` is MADANG_REPOSITORIES; `environment` what every git process here runs with.

    The name on disk is the project's id, so a renamed project keeps its repository, and no project's
    name can be a prefix of another's folder.
    """

    root: Path
    environment: Mapping[str, str]

    @property
    def sources(self) -> Path:
        """Archives for builds, and the objects of pushes that are not settled yet."""
        return self.root / ".sources"

    @property
    def removed(self) -> Path:
        """Repositories whose project is gone, for a while."""
        return self.root / ".removed"

    def path(self, project_id: int) -> Path:
        return self.root / f"{int(project_id)}.git"

    def all(self) -> dict[int, Path]:
        """Every repository by its project's id."""
        return {int(path.stem): path for path in self.root.glob("*.git") if path.stem.isdecimal()}

    def ensure(self, owner: Owner) -> Path:
        """The project's repository, made if this is its first use. Two at once are harmless."""
        path = self.path(owner.project_id)
        if path.exists() and not self.belongs(path, owner):
            self.put_away(path)
        if not path.exists():
            self._make(path, owner)
        return path

    def belongs(self, path: Path, owner: Owner) -> bool:
        return _born(path) == owner.born

    def put_away(self, path: Path) -> None:
        """Out of use, and back at once if its project comes back."""
        self.removed.mkdir(exist_ok=True, mode=0o700)
        place = self._place_away(path.stem, _born(path))
        shutil.rmtree(place, ignore_errors=True)
        path.rename(place)
        os.utime(place)

    def _place_away(self, name: str, born: str) -> Path:
        return self.removed / f"{name}-{hashlib.sha256(born.encode()).hexdigest()[:12]}.git"

    def _make(self, path: Path, owner: Owner) -> None:
        away = self._place_away(path.stem, owner.born)
        new = self.root / f".new-{uuid4().hex}"
        if away.exists():
            new = away
        else:
            self.git("init", "--quiet", "--bare", "--template=", f"--initial-branch={owner.branch}", str(new))
            (new / _BORN).write_text(owner.born)
        try:
            new.rename(path)
        except OSError:
            # Another request was quicker.
            if new != away:
                shutil.rmtree(new)
            if not path.exists():
                raise

    def git(self, *words: str, at: Path | None = None, stdin: str | None = None) -> str:
        """A git command's output, stripped. Raises subprocess.CalledProcessError (its stderr inside)."""
        where = [] if at is None else [f"--git-dir={at}"]
        return subprocess.run(
            ["git", *where, *words],
            env=dict(self.environment),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            cwd=self.root,
        ).stdout.strip()

    def tip(self, path: Path, branch: str) -> str | None:
        """The commit that the branch is at."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}", at=path)
        except subprocess.CalledProcessError:
            return None

    def ref_count(self, path: Path) -> int:
        """How many branches and tags there are, each a file of its own or a line among those packed."""
        loose = sum(len(names) for _, _, names in os.walk(path / "refs"))
        try:
            return loose + (path / "packed-refs").read_bytes().count(b"\n")
        except FileNotFoundError:
            return loose

    def size_bytes(self, path: Path) -> int:
        """What the objects take on the disk."""
        return folder_bytes(path / "objects")


def folder_bytes(folder: Path) -> int:
    """Of all files in it. Pushes come and go meanwhile: what is gone counts for nothing."""
    total = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += Path(inside, name).lstat().st_size
    return total


def _born(path: Path) -> str:
    try:
        return (path / _BORN).read_text()
    except FileNotFoundError:
        return ""


def git_environment(configuration: Path, home: Path) -> dict[str, str]:
    """The whole environment of a git process: nothing of ours leaks in, no configuration but ours."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": str(configuration),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }

"""Bare repositories on the disk, one a project, named by the project's id."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4


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

    def path(self, project_id: int) -> Path:
        return self.root / f"{int(project_id)}.git"

    def ensure(self, project_id: int, branch: str) -> Path:
        """The project's repository, made if this is its first use. Two at once are harmless."""
        path = self.path(project_id)
        if not path.exists():
            new = self.root / f".new-{uuid4().hex}"
            self.git("init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", str(new))
            try:
                new.rename(path)
            except OSError:
                shutil.rmtree(new)
                if not path.exists():
                    raise
        return path

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

    def size_bytes(self, path: Path) -> int:
        """What the objects take on the disk."""
        return sum(
            entry.stat(follow_symlinks=False).st_size
            for folder, _, _ in os.walk(path / "objects")
            for entry in os.scandir(folder)
            if entry.is_file(follow_symlinks=False)
        )


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

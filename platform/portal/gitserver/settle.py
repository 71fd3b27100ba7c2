"""Brings a repository's branch to the commit of the newest push that went live.

The same for a push that just succeeded, for two that overlapped, and for one whose git server died
before it could move the branch: the database says what is live, the branch follows.
"""

from __future__ import annotations

import logging
import subprocess
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from portal.builds.models import Build, StreamKind, StreamState
from portal.gitserver import kept
from portal.gitserver.directory import owner_of
from portal.gitserver.repositories import Repositories

logger = logging.getLogger(__name__)

# What brings a commit that was not live before; a rollback brings none and moves no branch.
CARRIES_A_COMMIT = (StreamKind.PUSH, StreamKind.REBUILD)
# One repository at a time is enough: settling takes milliseconds.
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Settled:
    """`commit` is what the branch is at now; None when nothing went live yet. `moved`: it was elsewhere."""

    commit: str | None
    moved: bool = False


class ObjectsMissing(Exception):
    """The commit that is live is not in the repository and was not kept."""


def settle(repositories: Repositories, project_id: int) -> Settled:
    """Idempotent. Raises ObjectsMissing."""
    with _one_at_a_time:
        newest = newest_live_push(project_id)
        if newest is None:
            return Settled(None)
        branch = newest.project.deploy_branch
        path = repositories.ensure(owner_of(newest.project))
        moved = repositories.tip(path, branch) != newest.commit
        if moved:
            if not is_complete(repositories, path, newest.commit):
                kept.restore(kept.beside(archive_place(repositories, newest)), path / "objects")
                if not is_complete(repositories, path, newest.commit):
                    raise ObjectsMissing(newest.commit)
            repositories.git(
                "update-ref", "-m", f"build {newest.pk}", f"refs/heads/{branch}", newest.commit, at=path
            )
            logger.info(
                "branch moved",
                extra={"project": str(newest.project), "build": newest.pk, "commit": newest.commit},
            )
        kept.drop(kept.beside(archive_place(repositories, newest)))
        return Settled(newest.commit, moved)


def newest_live_push(project_id: int) -> Build | None:
    """The build of the newest push, or of a push's commit built again, that succeeded."""
    return (
        Build.objects.select_related("project__club")
        .filter(
            project_id=project_id,
            stream__kind__in=CARRIES_A_COMMIT,
            stream__state=StreamState.SUCCEEDED,
        )
        .order_by("-id")
        .first()
    )


def archive_place(repositories: Repositories, build: Build) -> Path:
    """Where a build's archive lies now, wherever the volume was mounted when it was written."""
    return repositories.sources / Path(build.archive_path).name


def is_complete(repositories: Repositories, path: Path, commit: str) -> bool:
    """Whether the commit and all that it needs are in the repository."""
    try:
        repositories.git("rev-list", "--objects", "--quiet", commit, "--not", "--all", at=path)
    except subprocess.CalledProcessError:
        return False
    return True

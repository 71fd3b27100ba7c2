"""What the git server does by itself: finish pushes that lost their server, remove what nobody needs."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError
from django.utils import timezone

from portal.builds.models import Build, StreamState
from portal.gitserver.repositories import Repositories, folder_bytes
from portal.gitserver.room import measure, measure_new
from portal.gitserver.server import GitServer
from portal.gitserver.settle import CARRIES_A_COMMIT, ObjectsMissing, settle
from portal.gitserver.sources_kept import Patience, remove_sources
from portal.projects.models import Project
from portal.threads import disk

logger = logging.getLogger(__name__)

# A push that ended longer ago than this was settled, or never will be.
_RECENT = timedelta(days=7)
_REMOVED_SECONDS = 7 * 86400
_PACKS_BEFORE_COLLECTING = 30
# Where git locks. No branch or tag has such a name.
_LOCKS = ("*.lock", "refs/**/*.lock", "objects/info/**/*.lock", "objects/pack/*.lock")


async def keep_house(server: GitServer) -> None:
    """Until it is cancelled. One thing that fails does not keep the others from being done, nor does one
    repository that git fails on."""
    missing: set[int] = set()
    known: set[int] = set()
    while True:
        for chore in (
            lambda: measure_new(server.repositories, known),
            lambda: settle_recent(server.repositories, missing),
            lambda: remove_sources(
                server.repositories, Patience.of(server.settings), server.settings.sources_limit_bytes
            ),
            lambda: collect_garbage(server.repositories, busy(server)),
            lambda: remove_repositories(
                server.repositories, busy(server), server.settings.removed_limit_bytes
            ),
        ):
            await _try(chore)
        await asyncio.sleep(server.settings.housekeeping_seconds)


def busy(server: GitServer) -> set[int]:
    """Projects with a push under way."""
    return {push.target.project_id for push in server.pushes}


async def _try(chore: Callable[[], None]) -> None:
    try:
        await disk(chore)
    except (DatabaseError, OSError, subprocess.CalledProcessError):
        logger.exception("housekeeping failed, it will be tried again")


def clear_leftovers(repositories: Repositories) -> None:
    """At the start, before any push: what a killed server left half-made."""
    for path in repositories.root.glob(".new-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in repositories.root.glob("*.git/objects/tmp_objdir-incoming-*"):
        shutil.rmtree(path, ignore_errors=True)
    for pattern in _LOCKS:
        for path in repositories.root.glob(f"*.git/{pattern}"):
            path.unlink(missing_ok=True)
    for path in repositories.sources.glob("*.part"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def settle_recent(repositories: Repositories, missing: set[int]) -> None:
    """Moves branches whose push went live without its receive-pack. `missing`: projects reported already."""
    since = timezone.now() - _RECENT
    projects = (
        Build.objects.filter(
            stream__kind__in=CARRIES_A_COMMIT,
            stream__state=StreamState.SUCCEEDED,
            stream__ended_at__gt=since,
        )
        .order_by("project_id")
        .values_list("project_id", flat=True)
        .distinct()
    )
    for project_id in projects:
        try:
            if settle(repositories, project_id).moved:
                measure(repositories, project_id)
        except ObjectsMissing as error:
            if project_id not in missing:
                missing.add(project_id)
                logger.error(
                    "live, but not in the repository", extra={"project": project_id, "commit": str(error)}
                )
        except subprocess.CalledProcessError as error:
            logger.warning("a branch was not moved", extra={"project": project_id, "errors": error.stderr})


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0


def collect_garbage(repositories: Repositories, busy: set[int]) -> None:
    """One pack a push adds up; what failed pushes of long ago left goes too (git's two weeks' grace)."""
    for project_id, path in repositories.all().items():
        if project_id in busy:
            continue
        if sum(1 for _ in (path / "objects" / "pack").glob("*.pack")) > _PACKS_BEFORE_COLLECTING:
            try:
                repositories.git("gc", "--quiet", at=path)
            except subprocess.CalledProcessError as error:
                extra = {"project": project_id, "errors": error.stderr}
                logger.warning("a repository was not packed", extra=extra)
                continue
            measure(repositories, project_id)
            logger.info("packed a repository", extra={"project": project_id})


def remove_repositories(repositories: Repositories, busy: set[int], limit_bytes: int) -> None:
    """Those of projects that are gone: put away at once, deleted after a week (a database may come back), the
    oldest earlier while all of them together are more than `limit_bytes`: they count for no club."""
    there = repositories.all()
    known = set(Project.objects.filter(pk__in=there).values_list("pk", flat=True))
    for project_id in there.keys() - known - busy:
        repositories.put_away(there[project_id])
        logger.info("put a repository away, its project is gone", extra={"project": project_id})
    total_bytes = 0
    for path in sorted(repositories.removed.glob("*.git"), key=_age_seconds):
        total_bytes += folder_bytes(path)
        if total_bytes > limit_bytes or _age_seconds(path) > _REMOVED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)

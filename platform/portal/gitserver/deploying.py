"""What a push's pre-receive hook asks: is this deployed, and how does it go?"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from deployer.build import BuildPlan
from deployer.build.detection import plan as plan_build
from deployer.errors import DeployerError, Explanation, UserError
from deployer.sentence import Sentence
from deployer.source import Archive, read_snapshot, write_archive
from portal.accounts.selectors import still_valid
from portal.builds.actions import accept_push
from portal.builds.models import Build
from portal.gitserver import kept, wording
from portal.gitserver.answers import busy
from portal.gitserver.authentication import key_refused
from portal.gitserver.following import Ending, Follower, Say
from portal.gitserver.pushes import Push
from portal.gitserver.refs import Deploy, Keep, RefUpdate, Refuse, decide
from portal.gitserver.room import require_room_for_source, too_much
from portal.gitserver.server import Busy, GitServer
from portal.projects.models import Project
from portal.threads import database, disk

logger = logging.getLogger(__name__)

_OBJECTS = "GIT_OBJECT_DIRECTORY"
_ALTERNATES = "GIT_ALTERNATE_OBJECT_DIRECTORIES"


async def pre_receive(
    server: GitServer, push: Push, updates: Sequence[RefUpdate], quarantine: Mapping[str, str], say: Say
) -> int:
    """Runs the whole deploy and gives the hook's exit code; 0 lets receive-pack go on to move the branch."""
    decision = decide(updates, push.target.branch)
    if isinstance(decision, Refuse):
        await say(wording.refusal(decision.explanation))
        return 1
    if (refused := await disk(_too_many_tags, server, push, updates)) is not None:
        await say(wording.refusal(refused))
        return 1
    if (refused := await disk(too_much, server, push.target, push.principal)) is not None:
        await say(wording.refusal(refused))
        return 1
    if isinstance(decision, Keep):
        if not await database(still_valid, push.principal):
            await say(wording.refusal(key_refused()))
            return 1
        await say(wording.kept(decision.tags))
        return 0
    if server.closing.is_set():
        await say(wording.restarting(accepted=False))
        return 1
    try:
        async with server.preparing.turn(push.target.club):
            await _accept(server, push, decision, quarantine)
    except Busy:
        await say(wording.refusal(busy()))
        return 1
    except UserError as error:
        await say(wording.refusal(error.explanation))
        return 1
    except Exception as error:
        logger.exception("a push could not be taken", extra={"push": push.id, "project": push.target.name})
        explanation = wording.platform_trouble(push.id)
        if isinstance(error, DeployerError):
            logger.error("why", extra={"push": push.id, "explanation": error.explanation.to_dict()})
        await say(wording.trouble(explanation))
        return 1
    return await _follow(server, push, say)


def _too_many_tags(server: GitServer, push: Push, updates: Sequence[RefUpdate]) -> Explanation | None:
    """Each is a file on the volume that all clubs push to, and a line at the beginning of every push."""
    limit = server.settings.repository_limit_refs
    tags = sum(not update.deletes and update.ref.startswith("refs/tags/") for update in updates)
    if not tags or server.repositories.ref_count(push.repository) + tags <= limit:
        return None
    return Explanation(
        "too-many-tags",
        Sentence(
            "The repository of {project} would have more than {limit} tags.",
            project=push.target.name,
            limit=limit,
        ),
        "",
        Sentence(
            "Push the branch alone, without --tags:  git push madang {branch}", branch=push.target.branch
        ),
    )


async def _accept(server: GitServer, push: Push, deploy: Deploy, quarantine: Mapping[str, str]) -> None:
    archive_path = server.repositories.sources / f"{push.id}.tar.gz"
    git = {**server.repositories.environment, **_objects_of(quarantine)}
    try:
        plan, archive = await disk(_prepare, server, push.repository, deploy.commit, archive_path, git)
        await disk(require_room_for_source, server, push.target, archive.size_bytes)
        if _OBJECTS in quarantine:
            await disk(kept.keep, Path(quarantine[_OBJECTS]), kept.beside(archive_path))
    except BaseException:
        _drop(archive_path)
        raise
    try:
        build = await database(_queue, push, deploy.commit, plan, archive)
    except UserError:
        # Refused for sure. If the database goes away, nobody knows whether the build was queued: then the
        # files stay, and housekeeping removes them when no build claims them.
        _drop(archive_path)
        raise
    push.build_id, push.stream_id = build.pk, build.stream_id
    logger.info(
        "push accepted",
        extra={
            "push": push.id,
            "project": push.target.name,
            "build": push.build_id,
            "commit": deploy.commit,
            "by": push.principal.name,
            "archive_bytes": archive.size_bytes,
        },
    )


def _drop(archive: Path) -> None:
    """What no build will claim."""
    archive.unlink(missing_ok=True)
    kept.drop(kept.beside(archive))


def _objects_of(quarantine: Mapping[str, str]) -> dict[str, str]:
    return {name: quarantine[name] for name in (_OBJECTS, _ALTERNATES) if name in quarantine}


def _prepare(
    server: GitServer, repository: Path, commit: str, archive: Path, git: Mapping[str, str]
) -> tuple[BuildPlan, Archive]:
    plan = plan_build(read_snapshot(repository, commit, git))
    return plan, write_archive(repository, commit, archive, git, server.settings.archive_limit_bytes)


def _queue(push: Push, commit: str, plan: BuildPlan, archive: Archive) -> Build:
    """Raises UserError, also for a key that was revoked while its pack was on the way."""
    if not still_valid(push.principal):
        raise UserError(key_refused())
    project = Project.objects.select_related("club").get(pk=push.target.project_id)
    return accept_push(
        by=push.principal,
        project=project,
        commit=commit,
        branch=push.target.branch,
        plan=plan,
        archive=archive,
    )


async def _follow(server: GitServer, push: Push, say: Say) -> int:
    stream_id = push.stream_id
    assert stream_id is not None  # noqa: S101 - set by _accept
    follower = Follower(stream_id, say, server.settings, server.closing)
    ending = await follower.to_the_end()
    if ending is not Ending.SUCCEEDED:
        return 1
    push.succeeded = True
    if push.target.url not in follower.shown:
        await say(wording.live(push.target.url))
    return 0

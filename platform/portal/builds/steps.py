"""The steps of a build's row while a worker holds it: each one transaction, each behind the fence."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.builds import log
from portal.builds.models import BUILD_STATES, Build, BuildState, StreamState
from portal.builds.trouble import MOST_NODES, begun_elsewhere, gave_up, tried_again
from portal.derived import source_token, token_hash
from portal.environment import environment
from portal.leases.holding import ended, held, lock, put_off
from portal.leases.model import Lease
from portal.nudge import nudge_rollout, nudge_waiting_builds
from portal.projects.models import Project
from portal.releases.making import make_release
from portal.releases.room import lock_budget

logger = logging.getLogger(__name__)

_STREAM_ENDINGS = {BuildState.FAILED: StreamState.FAILED, BuildState.CANCELLED: StreamState.CANCELLED}
# The columns of a build whose next attempt begins from nothing.
_ANEW = {"attempt": F("attempt") + 1, "log_since": None, "source_token_hash": ""}


@transaction.atomic
def begin(lease: Lease) -> Build:
    """The build with everything its order needs; the token of this attempt is valid from here on."""
    build = lock(Build, lease)
    build.source_token_hash = token_hash(source_token(build.pk, build.attempt))
    held(Build, lease).update(source_token_hash=build.source_token_hash)
    return Build.objects.select_related("project__club", "stream").get(pk=build.pk)


@transaction.atomic
def write_lines(lease: Lease, lines: Sequence[log.Line]) -> None:
    """Appends the Job's lines and notes how far they reach."""
    log.write(lock(Build, lease), held(Build, lease), lines)


@transaction.atomic
def succeed(lease: Lease, digest: str) -> int:
    """The image is there: the build ends, its release and rollout begin. Gives the rollout's id.

    Raises a problem if the club's budget has no room for the release (any more).
    """
    # The project's row first, as everywhere, so that two transactions never wait for each other.
    project_id = Build.objects.values_list("project_id", flat=True).get(pk=lease.id)
    lock_budget(Project.objects.select_for_update(no_key=True).get(pk=project_id))
    build = lock(Build, lease)
    _end(lease, build, BuildState.SUCCEEDED, None, digest)
    rollout = make_release(
        project_id=build.project_id,
        build_id=build.pk,
        stream_id=build.stream_id,
        created_by=build.pushed_by,
        description=Sentence("commit {commit}", commit=build.commit[:7]),
    )
    transaction.on_commit(lambda: nudge_rollout(rollout.pk))
    return rollout.pk


@transaction.atomic
def end(lease: Lease, state: BuildState, explanation: Explanation) -> None:
    """The build ends without an image, and its stream with it."""
    build = lock(Build, lease)
    _end(lease, build, state, explanation)
    log.end(build.stream_id, _STREAM_ENDINGS[state], explanation)


@transaction.atomic
def retry(lease: Lease, trouble: Explanation, *, machine_lost: bool) -> None:
    """Puts the build back into the queue, as the platform failed, not the student; given up in the end.

    With `machine_lost` the next try is a new attempt; else it goes on with the Job that may be there.
    """
    build = lock(Build, lease)
    if build.failures + 1 >= environment().attempts:
        end(lease, BuildState.FAILED, gave_up(trouble, environment().attempts))
        return
    BUILD_STATES.check(build.state, BuildState.QUEUED)
    columns = put_off(build.failures) | (_ANEW if machine_lost else {})
    held(Build, lease).update(state=BuildState.QUEUED, **columns)
    log.say(build.stream_id, tried_again(trouble, build.failures))
    logger.warning("build put off", extra={"build": build.pk, "explanation": trouble.to_dict()})


@transaction.atomic
def begin_elsewhere(lease: Lease, trouble: Explanation) -> None:
    """Puts the build back into the queue, as its node was taken away: no failure, and no wait. Given up after
    so many nodes, as the build may be to blame for that itself.
    """
    build = lock(Build, lease)
    if build.attempt >= MOST_NODES:
        end(lease, BuildState.FAILED, gave_up(trouble, build.attempt))
        return
    BUILD_STATES.check(build.state, BuildState.QUEUED)
    held(Build, lease).update(state=BuildState.QUEUED, **_ANEW, **ended())
    log.say(build.stream_id, begun_elsewhere(trouble))
    logger.warning("build lost with its node", extra={"build": build.pk, "explanation": trouble.to_dict()})
    transaction.on_commit(nudge_waiting_builds)


def _end(
    lease: Lease, build: Build, state: BuildState, explanation: Explanation | None, digest: str = ""
) -> None:
    BUILD_STATES.check(build.state, state)
    held(Build, lease).update(
        state=state,
        digest=digest,
        explanation=explanation.to_row() if explanation else None,
        source_token_hash="",
        finished_at=Now(),
        **ended(),
    )
    transaction.on_commit(nudge_waiting_builds)

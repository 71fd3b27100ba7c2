"""The steps of a rollout's row while a worker holds it: each one transaction, each behind the fence."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.builds import log
from portal.builds.models import StreamState
from portal.builds.trouble import MOST_NODES, begun_elsewhere, gave_up, tried_again
from portal.clubs.models import Suspension
from portal.environment import environment
from portal.leases.holding import ended, held, lock, put_off
from portal.leases.model import Lease
from portal.nudge import nudge_waiting_rollouts
from portal.projects.models import Project
from portal.releases.making import supersede, take_back
from portal.releases.models import (
    RELEASE_STATES,
    ROLLOUT_STATES,
    Release,
    ReleaseState,
    Rollout,
    RolloutState,
)
from portal.releases.models.progressing import progress_of

logger = logging.getLogger(__name__)

# Of a row that says nothing.
UNKNOWN = Explanation("failed", "It failed.", "", "")


@transaction.atomic
def tell(lease: Lease, text: Sentence) -> None:
    """Notes and shows how far the rollout is."""
    rollout = lock(Rollout, lease)
    held(Rollout, lease).update(**progress_of(text))
    log.say(rollout.stream_id, text, kind="rollout")


@transaction.atomic
def write_lines(lease: Lease, lines: Sequence[log.Line]) -> None:
    """Appends the release command's lines and notes how far they reach."""
    log.write(lock(Rollout, lease), held(Rollout, lease), lines)


@transaction.atomic
def go_live(lease: Lease, address: str) -> None:
    """The address has answered: this release is the live one, the one before is retired."""
    rollout = _lock(lease)
    ROLLOUT_STATES.check(rollout.state, RolloutState.SUCCEEDED)
    RELEASE_STATES.check(rollout.release.state, ReleaseState.LIVE)
    Release.objects.filter(project_id=rollout.project_id, state=ReleaseState.LIVE).update(
        state=ReleaseState.RETIRED, ended_at=Now()
    )
    Release.objects.filter(pk=rollout.release_id).update(state=ReleaseState.LIVE, went_live_at=Now())
    _end(lease, RolloutState.SUCCEEDED, None)
    number = rollout.release.number
    log.say(
        rollout.stream_id,
        Sentence("Release {number} is live at {address}", number=number, address=address),
    )
    log.end(rollout.stream_id, StreamState.SUCCEEDED)


@transaction.atomic
def begin_undo(lease: Lease, explanation: Explanation) -> None:
    """The release is bad: from here on only the way back is left, also for the next worker."""
    rollout = _lock(lease)
    ROLLOUT_STATES.check(rollout.state, RolloutState.UNDOING)
    held(Rollout, lease).update(state=RolloutState.UNDOING, explanation=explanation.to_row())
    live = live_release(rollout.project_id)
    number = rollout.release.number
    taken_back = (
        Sentence("Release {number} is taken back; release {live} serves on.", number=number, live=live.number)
        if live
        else Sentence("Release {number} is taken back; nothing is left running.", number=number)
    )
    log.say(rollout.stream_id, taken_back, kind="rollout")


@transaction.atomic
def fail(lease: Lease) -> None:
    """The way back is gone: the release has failed, for the reason that `begin_undo` noted."""
    rollout = _lock(lease)
    ROLLOUT_STATES.check(rollout.state, RolloutState.FAILED)
    RELEASE_STATES.check(rollout.release.state, ReleaseState.FAILED)
    explanation = Explanation.from_dict(rollout.explanation) if rollout.explanation else UNKNOWN
    Release.objects.filter(pk=rollout.release_id).update(
        state=ReleaseState.FAILED, reason=explanation.reason, ended_at=Now()
    )
    _end(lease, RolloutState.FAILED, explanation)
    log.end(rollout.stream_id, StreamState.FAILED, explanation)


@transaction.atomic
def give_way(lease: Lease) -> None:
    """A newer release waits or the club was suspended, and this one is not live yet: it never will be."""
    rollout = _lock(lease)
    ROLLOUT_STATES.check(rollout.state, RolloutState.SUPERSEDED)
    project = Project.objects.get(pk=rollout.project_id)
    suspension = Suspension.objects.select_related("club").filter(club=project.club_id).first()
    newest = rollout.release.number == project.release_count
    # Resumed in between, it has stopped for the suspension all the same, unless a newer one is there.
    if suspension is not None and (suspension.ended_at is None or newest):
        take_back(rollout, suspension.explanation)
    else:
        supersede(rollout, project.release_count)
    transaction.on_commit(nudge_waiting_rollouts)


@transaction.atomic
def retry(lease: Lease, trouble: Explanation) -> None:
    """The platform failed, not the student: tried again later; given up after so many times.

    Taking back is never given up: until it is done the cluster and the database disagree.
    """
    rollout = _lock(lease)
    logger.warning("rollout put off", extra={"rollout": rollout.pk, "explanation": trouble.to_dict()})
    if rollout.state == RolloutState.UNDOING:
        # Its lease stays, run out: so no other rollout of the project starts before it is done.
        columns = put_off(rollout.failures) | {"lease_owner": "", "lease_until": Now()}
        held(Rollout, lease).update(**columns)
        transaction.on_commit(nudge_waiting_rollouts)
        return
    if rollout.failures + 1 >= environment().attempts:
        begin_undo(lease, gave_up(trouble, environment().attempts, built=True))
        retry(lease, trouble)
        return
    ROLLOUT_STATES.check(rollout.state, RolloutState.QUEUED)
    held(Rollout, lease).update(state=RolloutState.QUEUED, **put_off(rollout.failures))
    log.say(rollout.stream_id, tried_again(trouble, rollout.failures))
    # Its place is its club's next one's meanwhile.
    transaction.on_commit(nudge_waiting_rollouts)


@transaction.atomic
def begin_elsewhere(lease: Lease, trouble: Explanation) -> None:
    """Puts the rollout back into the queue, as its release command's node was taken away: no failure, and no
    wait. Given up after so many nodes, as the command may be to blame for that itself.
    """
    rollout = _lock(lease)
    logger.warning(
        "release command lost with its node",
        extra={"rollout": rollout.pk, "explanation": trouble.to_dict()},
    )
    if rollout.nodes_lost + 1 >= MOST_NODES:
        begin_undo(lease, gave_up(trouble, MOST_NODES, built=True))
        retry(lease, trouble)
        return
    ROLLOUT_STATES.check(rollout.state, RolloutState.QUEUED)
    held(Rollout, lease).update(state=RolloutState.QUEUED, nodes_lost=F("nodes_lost") + 1, **ended())
    log.say(rollout.stream_id, begun_elsewhere(trouble))
    transaction.on_commit(nudge_waiting_rollouts)


def live_release(project_id: int) -> Release | None:
    return (
        Release.objects.select_related("project__club")
        .filter(project_id=project_id, state=ReleaseState.LIVE)
        .first()
    )


def _lock(lease: Lease) -> Rollout:
    """The project's row first, always: whoever makes a release holds it and waits for rollouts."""
    project_id = Rollout.objects.values_list("project_id", flat=True).get(pk=lease.id)
    Project.objects.select_for_update(no_key=True).get(pk=project_id)
    return lock(Rollout, lease)


def _end(lease: Lease, state: RolloutState, explanation: Explanation | None) -> None:
    held(Rollout, lease).update(
        state=state,
        explanation=explanation.to_row() if explanation else None,
        finished_at=Now(),
        **ended(),
    )
    transaction.on_commit(nudge_waiting_rollouts)

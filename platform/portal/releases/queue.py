"""Whose turn it is: one rollout at a time for a project, only the newest, and so many for a club
(`portal.releases.turns`)."""

from __future__ import annotations

import time

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from portal.clubs.selectors import suspension_of
from portal.leases.fencing import next_fence
from portal.leases.holding import due, expired, taken_over, until
from portal.leases.model import Lease
from portal.nudge import nudge_waiting_rollouts
from portal.projects.models import Project
from portal.releases.making import supersede
from portal.releases.models import Halt, Release, ReleaseState, Rollout, RolloutState
from portal.releases.turns import AT_WORK, lines, locked_line


def startable() -> list[int]:
    """The ids of rollouts that a worker should look at now."""
    return sorted(rollout for line in lines().values() for rollout in line.next_waiting)


@transaction.atomic
def claim(rollout_id: int, owner: str) -> Lease | None:
    """Takes the rollout for `owner`, if it is the project's newest, none other is at work and its club has a
    place for it; else None.

    An older one that nobody works on is ended here as superseded. The fence comes from the project's
    counter, so that the cluster can tell an older rollout's late order from a newer one's.
    """
    project_id = Rollout.objects.filter(pk=rollout_id).values_list("project_id", flat=True).first()
    if project_id is None:
        return None
    # Of the project alone: a project's order is by its club's name, so the club's row is joined in.
    projects = Project.objects.select_for_update(no_key=True, of=("self",))
    project = projects.filter(pk=project_id, deleted_at=None).first()
    if project is None:
        return None
    if rollout_id not in locked_line(project.club_id).next_waiting:
        return None
    rollout = (
        Rollout.objects.select_for_update(no_key=True)
        .select_related("release")
        .filter(pk=rollout_id)
        .filter(Q(state=RolloutState.QUEUED) | Q(state__in=AT_WORK) & expired())
        .filter(due())
        .first()
    )
    if rollout is None or (rollout.state == RolloutState.QUEUED and _is_halted(project)):
        return None
    newest = (
        Release.objects.filter(project=project, rollout__state=RolloutState.QUEUED)
        .exclude(pk=rollout.release_id)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    if rollout.state != RolloutState.UNDOING and newest is not None and newest > rollout.release.number:
        supersede(rollout, newest)
        transaction.on_commit(nudge_waiting_rollouts)
        return None
    if Rollout.objects.filter(project=project, state__in=AT_WORK).exclude(pk=rollout_id).exists():
        return None
    project.rollout_fence = next_fence(project.rollout_fence, time.time())
    project.save(update_fields=["rollout_fence"])
    Rollout.objects.filter(pk=rollout_id).update(
        state=RolloutState.UNDOING if rollout.state == RolloutState.UNDOING else RolloutState.RUNNING,
        lease_owner=owner,
        lease_until=until(),
        fence=project.rollout_fence,
        retry_at=None,
        takeovers=taken_over(),
        started_at=Coalesce(F("started_at"), Now()),
    )
    Release.objects.filter(pk=rollout.release_id, state=ReleaseState.PENDING).update(
        state=ReleaseState.ROLLING_OUT
    )
    return Lease(rollout_id, owner, project.rollout_fence)


def _is_halted(project: Project) -> bool:
    """Whether the copies have to stay at zero, or are on their way back."""
    return suspension_of(project.club) is not None or Halt.objects.filter(project=project).exists()

"""What a suspension does to a club's projects: what is on its way is cancelled, what runs has to halt.

Cancelled and not held back: whoever waits for a push would wait for days with a connection of the git server
each, and a commit that is built weeks later surprises everybody.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from deployer.errors import Explanation
from portal.builds.cancelling import stop_builds
from portal.builds.models import Build, BuildState
from portal.clubs.selectors import suspended, suspension_of
from portal.nudge import nudge_halt
from portal.projects.models import Project
from portal.releases import halts
from portal.releases.making import take_back
from portal.releases.models import ROLLOUT_STATES, Halt, Release, ReleaseState, Rollout, RolloutState


def halt() -> int:
    """Every project of a suspended club that is not halted yet, and those whose halt is over; safe to repeat.

    Gives how many were halted now.
    """
    ids = list(_to_halt().values_list("id", flat=True))
    for project_id in ids:
        _halt(project_id)
    for halt_id in halts.startable():
        nudge_halt(halt_id)
    return len(ids)


def _to_halt() -> QuerySet[Project]:
    mine = {"project": OuterRef("pk")}
    builds = Build.objects.filter(
        Q(state=BuildState.QUEUED) | Q(state=BuildState.RUNNING, stop_requested=""), **mine
    )
    rollouts = Rollout.objects.filter(
        Q(state=RolloutState.QUEUED) | Q(state=RolloutState.RUNNING, stop_requested=""), **mine
    )
    serving = Release.objects.filter(state=ReleaseState.LIVE, **mine)
    wanted = Exists(builds) | Exists(rollouts) | Exists(serving) & Q(halt=None)
    return Project.objects.filter(suspended(), wanted, deleted_at=None).order_by("pk")


@transaction.atomic
def _halt(project_id: int) -> None:
    project = (
        Project.objects.select_for_update(no_key=True, of=("self",))
        .select_related("club")
        .filter(pk=project_id, deleted_at=None)
        .first()
    )
    suspension = suspension_of(project.club) if project is not None else None
    if project is None or suspension is None:  # deleted or resumed at this very moment
        return
    stop_builds(project, suspension.explanation)
    under_way = _stop_rollouts(project, suspension.explanation)
    if under_way or Release.objects.filter(project=project, state=ReleaseState.LIVE).exists():
        Halt.objects.get_or_create(project=project)


def _stop_rollouts(project: Project, explanation: Explanation) -> bool:
    """Whether there were any: then something of them may be in the cluster."""
    unfinished = Rollout.objects.select_for_update(no_key=True).filter(
        project=project, state__in=ROLLOUT_STATES.open
    )
    found = list(unfinished.order_by("pk"))
    for rollout in found:
        if rollout.state == RolloutState.QUEUED:
            take_back(rollout, explanation)
        elif rollout.state == RolloutState.RUNNING:
            Rollout.objects.filter(pk=rollout.pk).update(stop_requested=RolloutState.SUPERSEDED)
    return bool(found)

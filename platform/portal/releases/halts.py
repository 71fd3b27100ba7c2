"""Whose halt needs a worker: one whose copies have to go, or, once its club is resumed, to come back."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from deployer.sentence import Sentence
from portal.clubs.selectors import suspended, suspension_of
from portal.leases.fencing import next_fence
from portal.leases.holding import ended, held, lock, taken_over, until
from portal.leases.model import Lease
from portal.nudge import nudge_waiting_rollouts
from portal.projects.models import Project
from portal.releases.models import Halt
from portal.releases.models.progressing import progress_of
from portal.releases.turns import halts_free, lines, locked_line


@dataclass(frozen=True)
class Claim:
    """`stops`: the copies have to go; else they come back."""

    lease: Lease
    stops: bool


def startable() -> list[int]:
    """The ids of halts that a worker should look at now."""
    if not Halt.objects.exists():
        return []  # as nearly always, and this is asked whenever a rollout ends: one query instead of five
    stopping = halts_free().filter(suspended("project__club"), stopped_at=None)
    returning = (halt for line in lines().values() for halt in line.next_returning)
    return sorted([*stopping.values_list("id", flat=True), *returning])


@transaction.atomic
def claim(halt_id: int, owner: str) -> Claim | None:
    """Takes the halt for `owner`, if there is something to do and no rollout is at work; else None. The way
    back is one of so many for a club (`portal.releases.turns`).

    The fence is the project's, so that the cluster refuses a late order of a halt as it does a rollout's.
    """
    project_id = Halt.objects.filter(pk=halt_id).values_list("project_id", flat=True).first()
    if project_id is None:
        return None
    projects = Project.objects.select_for_update(no_key=True, of=("self",)).select_related("club")
    project = projects.filter(pk=project_id, deleted_at=None).first()
    if project is None:
        return None
    line = locked_line(project.club_id)
    stops = suspension_of(project.club) is not None
    if not stops and halt_id not in line.next_returning:
        return None
    waiting = halts_free().filter(pk=halt_id)
    if stops:
        waiting = waiting.filter(stopped_at=None)
    fence = next_fence(project.rollout_fence, time.time())
    taken = waiting.update(
        lease_owner=owner,
        lease_until=until(),
        fence=fence,
        retry_at=None,
        takeovers=taken_over(),
        # Suspended again on the way back, it has to be told once more.
        stopped_at=None,
    )
    if not taken:
        return None
    Project.objects.filter(pk=project.pk).update(rollout_fence=fence)
    return Claim(Lease(halt_id, owner, fence), stops)


@transaction.atomic
def tell(lease: Lease, text: Sentence) -> None:
    """Notes how far the way back is."""
    lock(Halt, lease)
    held(Halt, lease).update(**progress_of(text))


@transaction.atomic
def stopped(lease: Lease) -> None:
    """The cluster knows that no copy is wanted."""
    lock(Halt, lease)
    held(Halt, lease).update(stopped_at=Now(), failures=0, takeovers=0, **progress_of(), **ended())


@transaction.atomic
def over(lease: Lease) -> None:
    """The project is back, or it is the prober's to say why not; what waits may be rolled out."""
    halt = lock(Halt, lease)
    if suspension_of(Project.objects.select_related("club").get(pk=halt.project_id).club) is not None:
        give_back(lease)
        return
    held(Halt, lease).delete()
    transaction.on_commit(nudge_waiting_rollouts)


def give_back(lease: Lease) -> None:
    """For the next worker, at once."""
    held(Halt, lease).update(**progress_of(), **ended())

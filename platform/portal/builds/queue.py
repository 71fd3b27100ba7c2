"""Whose turn it is: builds in the order of their pushes, one at a time for a project, so many in all."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from portal.builds.models import Build, BuildState
from portal.builds.quiet import is_quiet, lock_slots
from portal.environment import environment
from portal.leases.holding import due, expired, taken_over, until
from portal.leases.model import Lease


def waiting() -> QuerySet[Build]:
    """Builds that could start now if there were room, the oldest first."""
    others = Build.objects.filter(project_id=OuterRef("project_id"), state=BuildState.RUNNING)
    free = Build.objects.filter(state=BuildState.QUEUED).filter(due()).filter(~Exists(others))
    return free.filter(~is_quiet()).order_by("id")


def abandoned() -> QuerySet[Build]:
    """Builds whose worker has died."""
    return Build.objects.filter(state=BuildState.RUNNING).filter(expired())


def startable() -> list[int]:
    """The ids of builds that a worker should look at now."""
    ids = list(abandoned().values_list("id", flat=True))
    room = environment().build_concurrency - Build.objects.filter(state=BuildState.RUNNING).count()
    if room > 0:
        ids += list(waiting().values_list("id", flat=True)[:room])
    return ids


@transaction.atomic
def claim(build_id: int, owner: str) -> Lease | None:
    """Takes the build for `owner`, if it is its turn or its worker has died; else None."""
    lock_slots()
    room = Build.objects.filter(state=BuildState.RUNNING).count() < environment().build_concurrency
    first = waiting().values_list("id", flat=True).first() if room else None
    taken = (
        Build.objects.filter(pk=build_id)
        .filter(Q(state=BuildState.RUNNING) & expired() | Q(state=BuildState.QUEUED, pk=first))
        .update(
            state=BuildState.RUNNING,
            lease_owner=owner,
            lease_until=until(),
            fence=F("fence") + 1,
            retry_at=None,
            takeovers=taken_over(),
            started_at=Coalesce(F("started_at"), Now()),
        )
    )
    if not taken:
        return None
    return Lease(build_id, owner, Build.objects.values_list("fence", flat=True).get(pk=build_id))

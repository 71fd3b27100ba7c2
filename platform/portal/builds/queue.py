"""Whose turn it is: fair between clubs (`portal.builds.turns`), one build at a time for a project."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now

from portal.builds import quiet
from portal.builds.models import BUILD_STATES, Build, BuildState, QueuePause
from portal.builds.turns import AtWork, Line, Waiter, starting
from portal.environment import environment
from portal.leases.holding import due, expired, taken_over, until
from portal.leases.model import Lease

# A club that nothing was built for this long is as good as one that never was served.
_REMEMBERED = timedelta(days=1)


def line() -> Line:
    """The queue as it stands, in two queries."""
    opened = (
        Build.objects.filter(state__in=BUILD_STATES.open)
        .annotate(is_due=Case(When(due(), then=Value(True)), default=Value(False)))
        .order_by("started_at", "id")
        .values_list(
            "id", "project_id", "project__club_id", "project__club__builds", "state", "jumped_at", "is_due"
        )
    )
    waiting, running, limits = [], [], {}
    for build, project, club, limit, state, jumped_at, is_due in opened:
        limits[club] = max(1, limit)
        if state == BuildState.RUNNING:
            running.append(AtWork(build, project, club))
        else:
            waiting.append(Waiter(build, project, club, jumped_at, not is_due))
    served = _served({each.club for each in waiting})
    of_clubs: dict[int, datetime] = {}
    for _, club, at in served:
        of_clubs[club] = max(at, of_clubs.get(club, at))
    return Line(
        environment().build_concurrency,
        tuple(waiting),
        tuple(running),
        limits,
        of_clubs,
        {project: at for project, _, at in served},
    )


def is_held() -> bool:
    """Whether no build starts now, whoever's turn it is."""
    return pause() is not None or quiet.present() is not None


def pause() -> QueuePause | None:
    """The pause that lasts now."""
    return QueuePause.objects.filter(ended_at=None).first()


def abandoned() -> QuerySet[Build]:
    """Builds whose worker has died."""
    return Build.objects.filter(state=BuildState.RUNNING).filter(expired())


def startable() -> list[int]:
    """The ids of builds that a worker should look at now."""
    return [*abandoned().values_list("id", flat=True), *_next()]


@transaction.atomic
def claim(build_id: int, owner: str) -> Lease | None:
    """Takes the build for `owner`, if it is its turn or its worker has died; else None."""
    quiet.lock_slots()
    first = next(iter(_next()), None)
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


def _next() -> list[int]:
    return [] if is_held() else starting(line())


def _served(clubs: set[int]) -> list[tuple[int, int, datetime]]:
    """Project, its club, and when a build of it last started."""
    recent = Build.objects.filter(started_at__gt=Now() - Value(_REMEMBERED), project__club__in=clubs)
    found = recent.order_by().values_list("project_id", "project__club_id").annotate(Max("started_at"))
    return list(found) if clubs else []

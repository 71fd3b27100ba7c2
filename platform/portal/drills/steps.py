"""The steps of a drill's row while a worker holds it: each one transaction, each behind the fence."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import F, Max, Q, Sum
from django.db.models.functions import Now

from deployer.errors import Explanation
from portal.drills.choosing import Met, rows
from portal.drills.models import DRILL_STATES, Drill, DrillProject, DrillState
from portal.drills.providers import Ordered
from portal.drills.tally import Tally
from portal.environment import environment
from portal.leases.holding import ended, held, lock, put_off
from portal.leases.model import Lease

logger = logging.getLogger(__name__)
_MEASURED = ["requests", "failures", "longest_gap_seconds", "slowest_seconds", "seconds", "reasons"]


@transaction.atomic
def choose(lease: Lease, projects: Sequence[Met]) -> list[DrillProject]:
    """The projects that are asked; chosen once."""
    drill = lock(Drill, lease)
    if not drill.projects.exists():
        DrillProject.objects.bulk_create(rows(drill.pk, projects))
    return list(drill.projects.all())


@transaction.atomic
def order(lease: Lease, answering: Iterable[int]) -> None:
    """The order is given from here on; `answering` are the rows that answered before it."""
    drill = lock(Drill, lease)
    DRILL_STATES.check(drill.state, DrillState.ORDERING)
    drill.projects.update(answered_before=False)
    drill.projects.filter(pk__in=list(answering)).update(answered_before=True)
    held(Drill, lease).update(state=DrillState.ORDERING, ordered_at=Now(), watched_at=Now())


@transaction.atomic
def watch(lease: Lease, ordered: Ordered) -> None:
    """The provider has taken the order."""
    drill = lock(Drill, lease)
    DRILL_STATES.check(drill.state, DrillState.WATCHING)
    held(Drill, lease).update(
        state=DrillState.WATCHING, reference=ordered.reference, deadline=ordered.deadline, failures=0
    )


@transaction.atomic
def resume(lease: Lease, unwatched_seconds: float) -> None:
    """Another worker goes on; nobody has watched for so long."""
    held(Drill, lease).update(unwatched_seconds=F("unwatched_seconds") + unwatched_seconds, watched_at=Now())


@transaction.atomic
def write(lease: Lease, before: Mapping[int, DrillProject], tallies: Mapping[int, Tally]) -> None:
    """What was met so far: what earlier workers saw (`before`) and what this one did."""
    lock(Drill, lease)
    measured = [_measured(before[key], tally) for key, tally in tallies.items()]
    DrillProject.objects.bulk_update(measured, _MEASURED)
    held(Drill, lease).update(watched_at=Now())


@transaction.atomic
def finish(lease: Lease, interruption: str, explanation: Explanation | None) -> None:
    """The drill is over: its figures are those of the projects that answered before it."""
    drill = lock(Drill, lease)
    DRILL_STATES.check(drill.state, DrillState.FINISHED)
    told = drill.projects.filter(~Q(answered_before=False)).aggregate(
        requests=Sum("requests", default=0),
        failures=Sum("failures", default=0),
        gap=Max("longest_gap_seconds", default=0.0),
    )
    requests, failures = told["requests"], told["failures"]
    held(Drill, lease).update(
        state=DrillState.FINISHED,
        interruption=interruption,
        requests=requests,
        failed_requests=failures,
        longest_gap_seconds=told["gap"],
        score=100 * (requests - failures) / requests if requests else None,
        explanation=explanation.to_row() if explanation else None,
        finished_at=Now(),
        **ended(),
    )


@transaction.atomic
def fail(lease: Lease, explanation: Explanation) -> None:
    """The drill ends without a result."""
    drill = lock(Drill, lease)
    DRILL_STATES.check(drill.state, DrillState.FAILED)
    held(Drill, lease).update(
        state=DrillState.FAILED, explanation=explanation.to_row(), finished_at=Now(), **ended()
    )


@transaction.atomic
def retry(lease: Lease, trouble: Explanation) -> None:
    """Tried again after a pause, until the platform has failed too often."""
    drill = lock(Drill, lease)
    if drill.failures + 1 >= environment().attempts:
        fail(lease, trouble)
        return
    held(Drill, lease).update(**put_off(drill.failures))
    logger.warning("drill put off", extra={"drill": drill.pk, "explanation": trouble.to_dict()})


def _measured(before: DrillProject, tally: Tally) -> DrillProject:
    seconds = {second: [requests, failures] for second, requests, failures in before.seconds}
    for second, (requests, failures) in tally.seconds.items():
        known = seconds.setdefault(second, [0, 0])
        seconds[second] = [known[0] + requests, known[1] + failures]
    return DrillProject(
        pk=before.pk,
        requests=before.requests + tally.requests,
        failures=before.failures + tally.failures,
        longest_gap_seconds=round(max(before.longest_gap_seconds, tally.longest_gap), 3),
        slowest_seconds=round(max(before.slowest_seconds, tally.slowest), 3),
        seconds=[[second, *counts] for second, counts in sorted(seconds.items())],
        reasons=dict(Counter(before.reasons) + tally.reasons),
    )

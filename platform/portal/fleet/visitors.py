"""What visitors met while a node went: counted by the ingress controller, and seen by the prober."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.utils import timezone

from portal.fleet.models import InterruptedPod, Interruption
from portal.fleet.states import InterruptionState, Way
from portal.metrics.models import Sample
from portal.metrics.steps import FINE, KEPT, floor
from portal.probing.models import Probe, Transition
from portal.projects.models import Project

# By then the controller has been asked for its counts again (`metrics.sampling`), and each address has been
# asked (`probing.rounds`).
_LATER = timedelta(seconds=FINE)
_SERVING = (Way.HANDOFF, Way.EVICT)


@dataclass(frozen=True)
class Counting:
    """A stretch of time in whole steps of samples."""

    begin: datetime
    end: datetime
    step_seconds: int

    @property
    def steps(self) -> int:
        return max(0, round((self.end - self.begin).total_seconds() / self.step_seconds))


@dataclass(frozen=True)
class Met:
    """What one project's visitors met.

    `requests` were answered, `failures` of them with a 5xx status; None: nothing was counted. `steps` is in
    how many steps that was. `longest_gap_seconds` is for how long at a stretch the address did not answer the
    prober (None: it was not asked); `answered_before` is False for one that did not when the notice came.
    """

    club: str
    project: str
    requests: int | None
    failures: int | None
    steps: int
    longest_gap_seconds: float | None
    answered_before: bool


@dataclass(frozen=True)
class Visitors:
    """Of all projects that stood on the node; `counting` None: samples of then are not kept any more."""

    counting: Counting | None
    met: list[Met]


def visitors(interruption: Interruption, pods: Iterable[InterruptedPod]) -> Visitors:
    """From the notice to the end, or to now."""
    now = timezone.now()
    begun, until = interruption.noticed_at, _until(interruption, now)
    stretch = counting(begun, until, now)
    names = sorted(
        {(pod.club, pod.project) for pod in pods if pod.club and pod.project and pod.way in _SERVING}
    )
    found = _projects(names)
    keys = list(found.values())
    counted = _counted(keys, stretch) if stretch is not None else {}
    told = _told(keys, begun, until)
    asked = set(Probe.objects.filter(pk__in=keys, asked_at__gte=begun).values_list("pk", flat=True))
    met = []
    for club, project in names:
        key = found.get((club, project))
        requests, failures, steps = counted.get(key, (None, None, 0))
        history = told.get(key, [])
        met.append(
            Met(
                club,
                project,
                requests,
                failures,
                steps,
                longest_gap(history, begun, until) if key in asked else None,
                answered(history, begun),
            )
        )
    return Visitors(stretch, met)


def counting(begun: datetime, until: datetime, now: datetime) -> Counting | None:
    """The finest steps that are kept since `begun`; one that is not over is left out."""
    step = next((step for step, kept in sorted(KEPT.items()) if now - floor(begun, step) < kept), None)
    if step is None:
        return None
    end = floor(until, step) + timedelta(seconds=step)
    return Counting(floor(begun, step), min(end, floor(now, step)), step)


def longest_gap(told: Sequence[tuple[datetime, bool]], begun: datetime, until: datetime) -> float:
    """The longest stretch between `begun` and `until` without an answer, in seconds.

    `told` is when an address began to answer (True) and ceased to (False), the earliest first, with the last
    of before.
    """
    longest, since = 0.0, None
    for at, ok in [*told, (until, True)]:
        if not ok and since is None:
            since = max(at, begun)
        elif ok and since is not None:
            longest, since = max(longest, (at - since).total_seconds()), None
    return longest


def answered(told: Sequence[tuple[datetime, bool]], begun: datetime) -> bool:
    """False only for an address that is known not to have answered at `begun`."""
    before = [ok for at, ok in told if at <= begun]
    return not before or before[-1]


def _until(interruption: Interruption, now: datetime) -> datetime:
    ends = {
        InterruptionState.GONE: interruption.gone_at,
        InterruptionState.CANCELLED: interruption.cancelled_at,
    }
    over = ends.get(InterruptionState(interruption.state))
    return min(now, over + _LATER) if over is not None else now


def _projects(names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    rows = Project.objects.filter(
        club__slug__in={club for club, _ in names}, slug__in={slug for _, slug in names}, deleted_at=None
    ).values_list("club__slug", "slug", "pk")
    return {(club, slug): key for club, slug, key in rows if (club, slug) in names}


def _counted(keys: Sequence[int], stretch: Counting) -> dict[int | None, tuple[int, int, int]]:
    """Requests, failures, and in how many steps they were counted."""
    rows = Sample.objects.filter(
        project__in=keys, step_seconds=stretch.step_seconds, at__gte=stretch.begin, at__lt=stretch.end
    ).exclude(requests=None)
    sums = rows.order_by().values_list("project").annotate(Sum("requests"), Sum("errors"), Count("id"))
    return {key: (requests, failures, steps) for key, requests, failures, steps in sums}


def _told(
    keys: Sequence[int], begun: datetime, until: datetime
) -> dict[int | None, list[tuple[datetime, bool]]]:
    """Of each project, for `longest_gap`."""
    of_them = Transition.objects.filter(project__in=keys)
    before = of_them.filter(at__lte=begun).order_by("project_id", "-id").distinct("project_id")
    within = of_them.filter(at__gt=begun, at__lt=until).order_by("id")
    told: dict[int | None, list[tuple[datetime, bool]]] = defaultdict(list)
    for row in [*before, *within]:
        told[row.project_id].append((row.at, row.ok))
    return told

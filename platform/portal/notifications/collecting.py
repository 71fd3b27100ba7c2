"""Finds what people are to be told of, in the rows that tell of it. Whoever ends a deploy only nudges this;
a nudge that is lost costs a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max, Q, Sum
from django.utils import timezone

from portal.builds.models import LogStream, StreamState
from portal.clubs.models import BudgetRequest, BudgetRequestState, Club, Suspension
from portal.fleet.models import InterruptedPod
from portal.fleet.states import InterruptionState
from portal.notifications.models import Channel, Delivery, Event, EventKind
from portal.nudge import nudge_delivery
from portal.projects.selectors import address
from portal.releases.models import Release, ReleaseState
from portal.signups.models import SignupRequest, SignupState

_LOOKED_BACK = timedelta(hours=24)
_BUDGET_PERCENT = 90
# One at a time: two would tell everything twice as slowly.
_LOCK = 0x6E6F746966
_FOR_OPERATORS = frozenset({EventKind.REQUEST, EventKind.GAP})


@dataclass(frozen=True)
class Found:
    """An event as it was found; `key` names it for ever."""

    key: str
    kind: EventKind
    at: datetime
    club_id: int | None = None
    project: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def collect() -> int:
    """Keeps what is new, with a delivery for each channel that wants it; gives how many deliveries."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    now = timezone.now()
    since = now - _LOOKED_BACK
    found = [*_streams(since), *_gaps(since), *_suspensions(since), *_requests(since), *_budgets(now)]
    known = set(Event.objects.filter(key__in=[each.key for each in found]).values_list("key", flat=True))
    return sum(_tell(each) for each in found if each.key not in known)


def _tell(found: Found) -> int:
    event = Event.objects.create(
        key=found.key,
        kind=found.kind,
        club_id=found.club_id,
        project=found.project,
        at=found.at,
        data=found.data,
    )
    # What happened before somebody wished to be told, and the address agreed, is not told.
    channels = Channel.objects.filter(events__contains=[found.kind], confirmed_at__lte=found.at).filter(
        _listening(found)
    )
    made = [Delivery.objects.create(channel=channel, event=event) for channel in channels.distinct()]
    for delivery in made:
        transaction.on_commit(lambda pk=delivery.pk: nudge_delivery(pk))  # type: ignore[misc]
    return len(made)


def _listening(found: Found) -> Q:
    """The club's channels, its members' own, and operators' for what concerns the platform."""
    wanted = Q(pk=None)
    if found.club_id is not None:
        wanted |= Q(club=found.club_id) | Q(user__is_active=True, user__memberships__club=found.club_id)
    if found.kind in _FOR_OPERATORS:
        wanted |= Q(user__is_active=True, user__is_superuser=True)
    return wanted


def _streams(since: datetime) -> Iterator[Found]:
    """How deploys ended; those that were cancelled or superseded are nobody's surprise."""
    ended = LogStream.objects.filter(
        ended_at__gt=since, state__in=[StreamState.SUCCEEDED, StreamState.FAILED], project__deleted_at=None
    ).select_related("project__club", "rollout__release")
    for stream in ended.order_by("ended_at"):
        failed = stream.state == StreamState.FAILED
        rollout = getattr(stream, "rollout", None)
        yield Found(
            key=f"stream:{stream.pk}",
            kind=EventKind.DEPLOY_FAILED if failed else EventKind.LIVE,
            at=stream.ended_at or since,
            club_id=stream.project.club_id,
            project=stream.project.slug,
            data={"reason": "", "what": "", "evidence": "", "next": "", **(stream.explanation or {})}
            if failed
            else {"release": rollout.release.number if rollout else None, "url": address(stream.project)},
        )


def _gaps(since: datetime) -> Iterator[Found]:
    """Projects that were away while a node was taken: once for each interruption, when it is over."""
    over = (InterruptionState.CLEAR, InterruptionState.GONE, InterruptionState.CANCELLED)
    rows = (
        InterruptedPod.objects.filter(
            interruption__received_at__gt=since, interruption__state__in=over, gap_seconds__gt=0
        )
        .exclude(club="")
        .order_by()
        .values("interruption_id", "interruption__node", "interruption__received_at", "club", "project")
        .annotate(seconds=Max("gap_seconds"), reason=Max("gap_reason"))
    )
    found = list(rows)
    clubs = dict(Club.objects.filter(slug__in={row["club"] for row in found}).values_list("slug", "id"))
    for row in found:
        if row["club"] in clubs:
            yield Found(
                key=f"gap:{row['interruption_id']}:{clubs[row['club']]}:{row['project']}"[:120],
                kind=EventKind.GAP,
                at=row["interruption__received_at"],
                club_id=clubs[row["club"]],
                project=row["project"],
                data={"seconds": row["seconds"], "reason": row["reason"], "node": row["interruption__node"]},
            )


def _suspensions(since: datetime) -> Iterator[Found]:
    """Clubs that were suspended or resumed; their owners are written in any case."""
    for suspension in Suspension.objects.filter(Q(begun_at__gt=since) | Q(ended_at__gt=since)):
        club = suspension.club_id
        data = {"why": suspension.why}
        yield Found(
            key=f"suspended:{suspension.pk}",
            kind=EventKind.SUSPENSION,
            at=suspension.begun_at,
            club_id=club,
            data={**data, "over": False},
        )
        if suspension.ended_at is not None:
            yield Found(
                key=f"resumed:{suspension.pk}",
                kind=EventKind.SUSPENSION,
                at=suspension.ended_at,
                club_id=club,
                data={**data, "over": True},
            )


def _requests(since: datetime) -> Iterator[Found]:
    for signup in SignupRequest.objects.filter(state=SignupState.WAITING, state_since__gt=since):
        # Amended after it was declined, it waits anew.
        yield Found(
            key=f"signup:{signup.pk}:{int(signup.state_since.timestamp())}",
            kind=EventKind.REQUEST,
            at=signup.state_since,
            data={"what": "signup", "name": signup.club_name},
        )
    waiting = BudgetRequest.objects.filter(state=BudgetRequestState.WAITING, created_at__gt=since)
    for request in waiting.select_related("club"):
        yield Found(
            key=f"budget-request:{request.pk}",
            kind=EventKind.REQUEST,
            at=request.created_at,
            data={"what": "budget", "name": request.club.name},
        )


def _budgets(now: datetime) -> Iterator[Found]:
    """Clubs whose live releases take nearly all of it: told once a week."""
    used = (
        Release.objects.filter(state=ReleaseState.LIVE, project__deleted_at=None)
        .order_by()
        .values("project__club_id")
        .annotate(
            memory=Sum(F("replicas") * F("memory_bytes")),
            cpu=Sum(F("replicas") * F("cpu_millicores")),
            pods=Sum("replicas"),
        )
    )
    shares = {row["project__club_id"]: row for row in used}
    year, week, _ = now.isocalendar()
    for club in Club.objects.filter(pk__in=shares):
        row = shares[club.pk]
        percents = {
            "memory": 100 * row["memory"] // max(1, club.memory_bytes),
            "cpu": 100 * row["cpu"] // max(1, club.cpu_millicores),
            "pods": 100 * row["pods"] // max(1, club.pods),
        }
        near = {name: percent for name, percent in percents.items() if percent >= _BUDGET_PERCENT}
        if near:
            yield Found(
                key=f"budget:{club.pk}:{year}-{week}",
                kind=EventKind.BUDGET,
                at=now,
                club_id=club.pk,
                data=near,
            )

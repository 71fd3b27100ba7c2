"""How each project of a club is: a fixed number of queries, however many projects there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models import Window as Over
from django.db.models.functions import RowNumber
from django.utils import timezone

from portal.builds.models import LogStream, StreamState
from portal.clubs.models import Club
from portal.clubs.selectors import suspended
from portal.probing.freshness import STALE
from portal.probing.wanted import up_since
from portal.projects.facts import standings
from portal.projects.models import Project
from portal.projects.selectors import address
from portal.projects.standing import Standing
from portal.releases.models import Release, ReleaseState

# In the order in which they want somebody's attention.
STATES = ("suspended", "down", "failed", "unchecked", "deploying", "live", "empty")
SORTS = ("name", "recent", "attention")
_DEPLOYS_SHOWN = 12


@dataclass(frozen=True)
class Deploy:
    """One change of a project; `seconds` is None while it is under way."""

    state: str
    began: datetime
    seconds: float | None


@dataclass(frozen=True)
class Card:
    """A project in short. `release`, `description`, `deployed_by` and `deployed_at` are of what is live;
    `deploys` are its last ones, oldest first."""

    name: str
    url: str
    standing: Standing
    release: int | None
    description: str
    deployed_by: str
    deployed_at: datetime | None
    deploys: tuple[Deploy, ...]


@dataclass(frozen=True)
class Wanted:
    """Which projects: a part of the name, a state, an order, and the place of the first (from 0)."""

    search: str = ""
    state: str = ""
    sort: str = "name"
    first: int = 0
    most: int = 24


@dataclass(frozen=True)
class Overview:
    """`counts` are of all the club's projects by state, `matching` of those that were searched for."""

    cards: tuple[Card, ...]
    counts: dict[str, int]
    matching: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def overview(club: Club, wanted: Wanted) -> Overview:
    """Some of the club's projects as cards; a fixed number of queries."""
    every = _with_state(club)
    matches = Q(slug__contains=wanted.search.lower())
    if wanted.state in STATES:
        matches &= Q(state=wanted.state)
    counted = every.order_by().values("state").annotate(all=Count("pk"), found=Count("pk", filter=matches))
    counts = {row["state"]: (row["all"], row["found"]) for row in counted}
    shown = list(_sorted(every.filter(matches), wanted.sort)[wanted.first : wanted.first + wanted.most])
    return Overview(
        cards=_cards(shown),
        counts={state: counts.get(state, (0, 0))[0] for state in STATES},
        matching=sum(found for _, found in counts.values()),
    )


def _with_state(club: Club) -> QuerySet[Any]:
    """With `state`, one of STATES, and `last_stream`, the id of its last change."""
    streams = LogStream.objects.filter(project=OuterRef("pk"))
    live = Release.objects.filter(project=OuterRef("pk"), state=ReleaseState.LIVE)
    checked = _checked(live)
    return Project.objects.filter(club=club, deleted_at=None).annotate(
        last_stream=Subquery(streams.order_by("-id").values("id")[:1]),
        state=Case(
            When(suspended(), then=Value("suspended")),
            When(Exists(streams.filter(state=StreamState.OPEN)), then=Value("deploying")),
            When(Q(halt__isnull=False) & Exists(live), then=Value("deploying")),
            When(Exists(_unanswered(checked)), then=Value("down")),
            When(Exists(checked), then=Value("live")),
            When(Exists(live), then=Value("unchecked")),
            When(Exists(streams), then=Value("failed")),
            default=Value("empty"),
            output_field=CharField(),
        ),
    )


def _checked(live: QuerySet[Release]) -> QuerySet[Release]:
    """Whose address was looked at lately (as `portal.probing.freshness` has it), with `up`, since when it is
    meant to answer."""
    lately = timezone.now() - STALE
    return live.annotate(up=up_since()).filter(Q(up__gte=lately) | Q(project__probe__asked_at__gte=lately))


def _unanswered(checked: QuerySet[Release]) -> QuerySet[Release]:
    """Whose address failed when it was last asked, since it is meant to answer (as `portal.projects.facts`
    has it)."""
    return checked.filter(project__probe__ok=False, project__probe__asked_at__gt=F("up"))


def _sorted(projects: QuerySet[Any], sort: str) -> QuerySet[Any]:
    if sort == "recent":
        return projects.order_by(F("last_stream").desc(nulls_last=True), "slug")
    if sort == "attention":
        place = Case(*[When(state=state, then=Value(at)) for at, state in enumerate(STATES)])
        return projects.order_by(place, "slug")
    return projects.order_by("slug")


def _cards(projects: Sequence[Project]) -> tuple[Card, ...]:
    ids = [project.pk for project in projects]
    live = {
        release.project_id: release
        for release in Release.objects.filter(project__in=ids, state=ReleaseState.LIVE).only(
            "project_id", "number", "went_live_at", "created_at", "created_by", "description"
        )
    }
    deploys = _deploys(ids)
    found = standings(projects)
    return tuple(
        _card(project, found[project.pk], live.get(project.pk), deploys[project.pk]) for project in projects
    )


def _deploys(project_ids: Iterable[int]) -> defaultdict[int, list[Deploy]]:
    place = Over(RowNumber(), partition_by="project_id", order_by=F("id").desc())
    rows = (
        LogStream.objects.filter(project__in=project_ids)
        .annotate(place=place)
        .filter(place__lte=_DEPLOYS_SHOWN)
        .order_by("id")
        .values_list("project_id", "state", "created_at", "ended_at")
    )
    found: defaultdict[int, list[Deploy]] = defaultdict(list)
    for project_id, state, began, ended in rows:
        found[project_id].append(Deploy(state, began, (ended - began).total_seconds() if ended else None))
    return found


def _card(project: Project, found: Standing, live: Release | None, deploys: list[Deploy]) -> Card:
    return Card(
        name=project.slug,
        url=address(project),
        standing=found,
        release=live.number if live else None,
        description=live.description if live else "",
        deployed_by=live.created_by if live else "",
        deployed_at=(live.went_live_at or live.created_at) if live else None,
        deploys=tuple(deploys),
    )

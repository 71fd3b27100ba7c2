"""Whose turn it is within a club: so many of its rollouts are worked on at one time, and the next waits for
them, so that one club's apps that start slowly leave workers to the others.

A halted project on its way back takes a place as a rollout does, and goes first: its visitors wait. Of
rollouts those come first that a dead worker has left, as something of them may be in the cluster already;
then the oldest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.db.models.functions import Now
from django.utils.translation import ngettext

from portal.clubs.models import Club
from portal.clubs.selectors import suspended
from portal.environment import environment
from portal.leases.holding import due, expired
from portal.releases.models import Halt, Rollout, RolloutState

AT_WORK = (RolloutState.RUNNING, RolloutState.UNDOING)


@dataclass(frozen=True)
class Line:
    """A club's rollouts and halts at one moment. `busy` counts those that a worker holds; `returning` are
    halts and `waiting` rollouts that one might take, in their order."""

    places: int
    busy: int = 0
    returning: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()

    @property
    def next_returning(self) -> tuple[int, ...]:
        return self.returning[: self._free]

    @property
    def next_waiting(self) -> tuple[int, ...]:
        return self.waiting[: max(0, self._free - len(self.returning))]

    @property
    def held(self) -> Iterator[Wait]:
        """The rollouts whose turn is later, and why."""
        first = len(self.next_waiting)
        for before, rollout in enumerate(self.waiting[first:], start=len(self.returning)):
            yield Wait(rollout, self.busy, before)

    @property
    def _free(self) -> int:
        # Fewer places than before may be wanted than are taken.
        return max(0, self.places - self.busy)


@dataclass(frozen=True)
class Wait:
    """A rollout that waits for its own club's: `running` of them are under way, `before` come before it."""

    rollout: int
    running: int
    before: int

    @property
    def what(self) -> str:
        """In the language that is active."""
        running = ngettext(
            "It waits for rollouts of your own club: %(count)d is under way.",
            "It waits for rollouts of your own club: %(count)d are under way.",
            self.running,
        ) % {"count": self.running}
        if not self.before:
            return running
        before = ngettext(
            "%(count)d more is before this one.", "%(count)d more are before this one.", self.before
        ) % {"count": self.before}
        return f"{running} {before}"


def lines(club_id: int | None = None) -> dict[int, Line]:
    """Each club's by its id, or the one club's alone, in four queries."""
    of_club = Q() if club_id is None else Q(project__club_id=club_id)
    busy: Counter[int] = Counter()
    returning: defaultdict[int, list[int]] = defaultdict(list)
    waiting: defaultdict[int, list[int]] = defaultdict(list)
    busy.update(_rollouts_at_work().filter(of_club).values_list("project__club_id", flat=True))
    busy.update(_halts_at_work().filter(of_club).values_list("project__club_id", flat=True))
    for club, halt in _halts_coming_back().filter(of_club).values_list("project__club_id", "id"):
        returning[club].append(halt)
    for club, rollout in _candidates().filter(of_club).values_list("project__club_id", "id"):
        waiting[club].append(rollout)
    places = environment().club_rollouts
    return {
        club: Line(places, busy[club], tuple(returning[club]), tuple(waiting[club]))
        for club in {*busy, *returning, *waiting}
    }


def locked_line(club_id: int) -> Line:
    """The club's, to which nobody else adds work to the end of the transaction: its row is locked, after the
    project's and before those of rollouts."""
    Club.objects.select_for_update(no_key=True).get(pk=club_id)
    return lines(club_id).get(club_id, Line(environment().club_rollouts))


def waits() -> dict[int, Wait]:
    """By the rollout's id."""
    return {wait.rollout: wait for line in lines().values() for wait in line.held}


def halts_free() -> QuerySet[Halt]:
    """Those that a worker might take: nobody holds them, and no rollout of their project is at work."""
    at_work = Exists(Rollout.objects.filter(project=OuterRef("project"), state__in=AT_WORK))
    free = Q(lease_until=None) | expired()
    return Halt.objects.filter(~at_work, free, due(), project__deleted_at=None).order_by("id")


def _halts_coming_back() -> QuerySet[Halt]:
    return halts_free().exclude(suspended("project__club"))


def _rollouts_at_work() -> QuerySet[Rollout]:
    return Rollout.objects.filter(state__in=AT_WORK, lease_until__gte=Now())


def _halts_at_work() -> QuerySet[Halt]:
    """On their way back. To tell the cluster that no copy is wanted takes a moment, and no place."""
    return Halt.objects.filter(lease_until__gte=Now()).exclude(suspended("project__club"))


def _candidates() -> QuerySet[Rollout]:
    """Rollouts that a worker might take if the club had places enough, in their order."""
    others = Rollout.objects.filter(project_id=OuterRef("project_id"), state__in=AT_WORK)
    queued = Q(state=RolloutState.QUEUED, project__halt=None)
    fresh = queued & ~Exists(others) & ~Q(suspended("project__club"))
    left = Q(state__in=AT_WORK) & expired()
    queued_last = Case(When(state=RolloutState.QUEUED, then=1), default=0)
    wanted = Rollout.objects.filter(fresh | left, project__deleted_at=None).filter(due())
    return wanted.order_by(queued_last, "id")

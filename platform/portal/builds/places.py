"""A waiting build's place in the queue and why it waits, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.builds.turns import Line, turns


@dataclass(frozen=True)
class Hold:
    """Why no build starts at all: an operator's `pause` (the operator's words), or the registry's `quiet`
    time (its end)."""

    pause: str | None = None
    quiet_until: datetime | None = None


@dataclass(frozen=True)
class Place:
    """`position` 1 is next. `reason` is a machine's word, `what` the same as a sentence.

    `others` and `own` count the builds of other clubs and of its own that are before it, `running` those of
    its club that run.
    """

    build: int
    position: int
    reason: str
    others: int = 0
    own: int = 0
    running: int = 0
    pause: str = ""
    quiet_until: datetime | None = None

    @property
    def before(self) -> int:
        return self.position - 1

    @property
    def what(self) -> str:
        """In the language that is active."""
        return _SENTENCES[self.reason](self)


def places(line: Line, hold: Hold) -> Iterator[Place]:
    """Everyone's, in the order of the turns."""
    waiting = {each.build: each for each in line.waiting}
    running = Counter(each.club for each in line.running)
    at_work = {each.project for each in line.running}
    before: Counter[int] = Counter()
    for position, turn in enumerate(turns(line), start=1):
        mine = waiting[turn.build]
        yield Place(
            build=turn.build,
            position=position,
            reason=_reason(
                hold,
                put_off=mine.put_off,
                project_busy=mine.project in at_work,
                club_full=not mine.jumped_at and running[mine.club] >= line.limit(mine.club),
                first=position == 1,
            ),
            others=before.total() - before[mine.club],
            own=before[mine.club],
            running=running[mine.club],
            pause=hold.pause or "",
            quiet_until=hold.quiet_until,
        )
        before[mine.club] += 1


def _reason(hold: Hold, *, put_off: bool, project_busy: bool, club_full: bool, first: bool) -> str:
    if hold.pause is not None:
        return "paused"
    if hold.quiet_until is not None:
        return "registry"
    if put_off:
        return "next-try"
    if project_busy:
        return "project-busy"
    if club_full:
        return "club-full"
    return "next" if first else "before"


def _paused(place: Place) -> str:
    return _("The queue is paused by an operator: %(why)s") % {"why": place.pause}


def _registry(place: Place) -> str:
    return _("The registry tidies up; builds go on by themselves in a few minutes.")


def _next_try(place: Place) -> str:
    return _("The platform had trouble with it; it is tried again by itself in a moment.")


def _project_busy(place: Place) -> str:
    return _("An earlier push of this project is still being built.")


def _club_full(place: Place) -> str:
    return ngettext(
        "Your club has %(count)d build running already.",
        "Your club has %(count)d builds running already.",
        place.running,
    ) % {"count": place.running}


def _next(place: Place) -> str:
    return _("Waiting for a free builder; yours is next.")


def _before(place: Place) -> str:
    if not place.own:
        return ngettext(
            "%(count)d build of another club is before yours.",
            "%(count)d builds of other clubs are before yours.",
            place.others,
        ) % {"count": place.others}
    if not place.others:
        return ngettext(
            "%(count)d build of your club is before yours.",
            "%(count)d builds of your club are before yours.",
            place.own,
        ) % {"count": place.own}
    return _("%(count)d builds are before yours, %(own)d of them of your club.") % {
        "count": place.before,
        "own": place.own,
    }


_SENTENCES = {
    "paused": _paused,
    "registry": _registry,
    "next-try": _next_try,
    "project-busy": _project_busy,
    "club-full": _club_full,
    "next": _next,
    "before": _before,
}

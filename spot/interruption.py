"""What a node's end is called, how grave it is, and how several notices of one end become one.

`Notice` is what a source says, `Interruption` what the handler holds to. Pure: no clock, no I/O.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

MOST_PLANNED = 20
"""More scheduled events than one instance ever has; a Node's annotation must stay small."""
IDENTITY = re.compile(r"int-[0-9a-f]{1,40}")
"""What an interruption is called, and nothing else is: a label value, and a part of an object's name."""


class Kind(StrEnum):
    """What happens to the instance, from the least grave to the gravest."""

    REBALANCE = "rebalance"
    """EC2 sees an elevated risk; nothing may follow."""
    MAINTENANCE = "maintenance"
    """A scheduled event or a health event of AWS; may be called off."""
    ASG_TERMINATE = "asg-terminate"
    """Its Auto Scaling group ends it; lifecycle hooks may hold the end back."""
    SPOT_INTERRUPTION = "spot-interruption"
    """The spot market takes it, two minutes after the notice at the latest."""
    STOPPING = "stopping"
    """It stops or ends already: EC2 says shutting-down, stopping, stopped or terminated."""

    @property
    def severity(self) -> int:
        return list(Kind).index(self)

    @property
    def may_be_called_off(self) -> bool:
        return self in (Kind.REBALANCE, Kind.MAINTENANCE)


@dataclass(frozen=True)
class LifecycleHook:
    """What CompleteLifecycleAction needs. `token` is "" when the source does not tell it."""

    group: str
    hook: str
    token: str


@dataclass(frozen=True)
class Notice:
    """One thing that one source says about one instance.

    `deadline` is when the instance may be gone (None: the source does not say; with `undated`: that is not
    settled yet). `called_off` takes back an earlier notice of this kind. `gone` says that the cloud has ended
    the instance already. `node` is set only by sources that speak for a node itself (its own annotation),
    `event` only by those that tell of each scheduled event by itself.
    """

    instance_id: str
    kind: Kind
    source: str
    noticed_at: datetime
    deadline: datetime | None = None
    detail: str = ""
    hook: LifecycleHook | None = None
    called_off: bool = False
    gone: bool = False
    node: str | None = None
    event: str = ""
    undated: bool = False


@dataclass(frozen=True)
class Planned:
    """The newest word of a source on one scheduled event, or on the next of all. `date` None: not settled."""

    source: str
    event: str
    date: datetime | None
    said_at: datetime


@dataclass(frozen=True)
class Ended:
    """What is remembered of an interruption of which nothing came.

    `by` is the source that called it off, "" for an operator or because its time was over; `planned` is what
    of a maintenance ended with it.
    """

    id: str
    kind: Kind
    ended_at: datetime
    deadline: datetime | None = None
    by: str = ""
    planned: tuple[Planned, ...] = ()


@dataclass(frozen=True)
class Interruption:
    """One instance's end. Severity only rises, the deadline only shrinks.

    But a maintenance may be put off: its deadline is the first date of what is `planned`, None while there is
    no date.
    """

    id: str
    instance_id: str
    kind: Kind
    noticed_at: datetime
    deadline: datetime | None
    sources: tuple[str, ...]
    detail: str = ""
    hooks: tuple[LifecycleHook, ...] = ()
    gone: bool = False
    planned: tuple[Planned, ...] = ()


def begin(notice: Notice) -> Interruption:
    """The first notice of an instance's end."""
    return Interruption(
        id=identity(notice.instance_id, notice.noticed_at),
        instance_id=notice.instance_id,
        kind=notice.kind,
        noticed_at=notice.noticed_at,
        deadline=notice.deadline,
        sources=(notice.source,),
        detail=notice.detail,
        hooks=_hooks((), notice.hook),
        gone=notice.gone,
        planned=_planned((), notice),
    )


def merge(known: Interruption, notice: Notice) -> Interruption:
    """The interruption after one more notice; the same object when it says nothing new.

    One that is called off takes only its own event away, while others stand: see `calls_off`.
    """
    planned = _planned(known.planned, notice)
    if notice.called_off:
        # The last of all is not merged away: the interruption ends, or the notice is old news.
        still = known.kind is Kind.MAINTENANCE and planned and planned != known.planned
        return replace(known, planned=planned, deadline=_first(planned)) if still else known
    graver = notice.kind.severity > known.kind.severity
    kind = notice.kind if graver else known.kind
    merged = replace(
        known,
        kind=kind,
        deadline=_first(planned) if kind is Kind.MAINTENANCE and planned else _soonest(known, notice, graver),
        sources=known.sources if notice.source in known.sources else (*known.sources, notice.source),
        detail=notice.detail if graver and notice.detail else known.detail,
        hooks=_hooks(known.hooks, notice.hook),
        gone=known.gone or notice.gone,
        planned=planned if kind is Kind.MAINTENANCE else (),
    )
    return known if merged == known else merged


class _Ends(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def deadline(self) -> datetime | None: ...


def is_put_off(before: _Ends, after: _Ends) -> bool:
    """Whether a maintenance comes later than was told before, or on a day that is not settled any more."""
    if not before.kind == after.kind == Kind.MAINTENANCE or before.deadline is None:
        return False
    return after.deadline is None or after.deadline > before.deadline


def calls_off(known: Interruption, notice: Notice) -> bool:
    """Whether this notice ends the interruption: only its own kind can be called off, nothing graver.

    What was called off before the interruption was noticed is old news. And a source takes back only what it
    has told: EC2 lists old events as over for days, which says nothing of what another source tells. Of a
    source that tells of each event by itself the last one has to be called off.
    """
    told = [each for each in known.planned if each.source == notice.source]
    return (
        notice.called_off
        and notice.source in known.sources
        and notice.kind is known.kind
        and known.kind.may_be_called_off
        and notice.noticed_at >= known.noticed_at
        and all(each.event == notice.event for each in told)
    )


def ended(known: Interruption, at: datetime, by: str) -> Ended:
    """A source that calls off a maintenance takes back only what it has told; whoever else does, all."""
    planned = tuple(each for each in known.planned if by in ("", each.source))
    return Ended(known.id, known.kind, at, known.deadline, by, planned)


def is_old(notice: Notice, past: Ended) -> bool:
    """Whether the notice tells of what has ended already, be it by another source than before.

    A maintenance is known by its date; only who called it off may tell it for the same one anew. All else was
    noticed before the end, or is of the same kind for the same moment. What is graver than what has ended, or
    done already, is news.
    """
    if notice.gone:
        return False
    before = notice.noticed_at <= past.ended_at
    if notice.kind is Kind.MAINTENANCE:
        return any(_retells(notice, each) for each in past.planned) and (before or notice.source != past.by)
    if notice.kind is past.kind:
        return before or _near(notice.deadline, past.deadline)
    # Who takes back a maintenance says nothing of a rebalance.
    return before and not past.by and notice.kind.severity < past.kind.severity


def identity(instance_id: str, noticed_at: datetime) -> str:
    """The interruption's name: a label value, the same for the same first notice."""
    text = f"{instance_id} {noticed_at.timestamp():.3f}"
    return f"int-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _hooks(known: tuple[LifecycleHook, ...], told: LifecycleHook | None) -> tuple[LifecycleHook, ...]:
    """A group tells of each of its hooks by itself, and goes on once all of them are answered."""
    if told is None or any((each.group, each.hook) == (told.group, told.hook) for each in known):
        return known
    return (*known, told)


def _planned(known: tuple[Planned, ...], notice: Notice) -> tuple[Planned, ...]:
    """What is planned after one more word: a source's newest one on an event stands for all before it."""
    if notice.kind is not Kind.MAINTENANCE:
        return known
    mine = next((each for each in known if (each.source, each.event) == (notice.source, notice.event)), None)
    if mine is not None and notice.event and notice.noticed_at < mine.said_at:
        # A queue may give what was said first last.
        return known
    others = tuple(each for each in known if each is not mine)
    if notice.called_off:
        return others
    said = Planned(notice.source, notice.event, notice.deadline, notice.noticed_at)
    if mine is not None and _same(mine.date, said.date):
        return known
    return (*others, said)[-MOST_PLANNED:]


def _retells(notice: Notice, planned: Planned) -> bool:
    """Its date, or what the same source said of it before that."""
    mine = (notice.source, notice.event) == (planned.source, planned.event)
    stale = mine and bool(notice.event) and notice.noticed_at <= planned.said_at
    return stale or _same(planned.date, notice.deadline)


def _first(planned: tuple[Planned, ...]) -> datetime | None:
    return min((each.date for each in planned if each.date is not None), default=None)


def _soonest(known: Interruption, notice: Notice, graver: bool) -> datetime | None:
    if graver and notice.deadline is not None and known.kind.may_be_called_off:
        # A rebalance or a maintenance says "at some time": the graver notice knows better, later or sooner.
        return notice.deadline
    deadlines = [moment for moment in (known.deadline, notice.deadline) if moment is not None]
    return min(deadlines, default=None)


def _near(one: datetime | None, other: datetime | None) -> bool:
    """Sources differ by seconds in when a node ends."""
    return one is not None and other is not None and abs(one - other) < timedelta(minutes=1)


def _same(one: datetime | None, other: datetime | None) -> bool:
    """A date is kept to the millisecond."""
    return one == other if one is None or other is None else abs(one - other) < timedelta(seconds=1)

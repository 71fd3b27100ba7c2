"""What a node's metadata service says about its own instance, and since when. Pure.

It remembers what was taken back: a rebalance recommendation or a scheduled event that was told once and is
told no more stays in it, as over. So a reader tells "taken back" from "never said" without having been there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints

from spot import times
from spot.cloud import dates
from spot.cloud.instance_id import InstanceId

MOST_EVENTS = 20
"""More scheduled events than one instance ever has; an annotation must stay small."""


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else dates.parse(value)
    if moment is None:
        raise ValueError("not a time")
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(times.zulu)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:._-]{1,100}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class InstanceAction(_Frozen):
    """The spot market takes the instance. `time` None: the service did not say when."""

    action: Word
    time: Moment | None = None
    seen_at: Moment


class Rebalance(_Frozen):
    """A recommendation, made at `time`."""

    time: Moment
    over_at: Moment | None = None


class ScheduledEvent(_Frozen):
    id: Word
    code: Word
    not_before: Moment | None = None
    seen_at: Moment
    over_at: Moment | None = None


class Lifecycle(_Frozen):
    """What the Auto Scaling group wants the instance to be."""

    state: Word
    seen_at: Moment


class Seen(_Frozen):
    instance_id: InstanceId
    spot: InstanceAction | None = None
    rebalance: Rebalance | None = None
    maintenance: tuple[ScheduledEvent, ...] = ()
    lifecycle: Lifecycle | None = None


def succeed(before: Seen | None, now: Seen, at: datetime) -> Seen:
    """`now` with what `before` knows of it: since when it is so, and what is over since `at`."""
    if before is None or before.instance_id != now.instance_id:
        return now
    return Seen(
        instance_id=now.instance_id,
        spot=before.spot if _same(before.spot, now.spot) else now.spot,
        rebalance=now.rebalance or _rebalance_over(before.rebalance, at),
        maintenance=_events(before.maintenance, now.maintenance, at),
        lifecycle=before.lifecycle if _same(before.lifecycle, now.lifecycle) else now.lifecycle,
    )


def _same(before: InstanceAction | Lifecycle | None, now: InstanceAction | Lifecycle | None) -> bool:
    """Whether both say the same, whenever they were seen."""
    if before is None or now is None:
        return False
    return before.model_copy(update={"seen_at": now.seen_at}) == now


def _rebalance_over(rebalance: Rebalance | None, at: datetime) -> Rebalance | None:
    if rebalance is None or rebalance.over_at:
        return rebalance
    return rebalance.model_copy(update={"over_at": at})


def _events(
    before: tuple[ScheduledEvent, ...], now: tuple[ScheduledEvent, ...], at: datetime
) -> tuple[ScheduledEvent, ...]:
    known = {event.id: event for event in before}
    told = {event.id: _continued(known.get(event.id), event) for event in now}
    untold = [
        event if event.over_at else event.model_copy(update={"over_at": at})
        for event in before
        if event.id not in told
    ]
    # What is told comes first: the limit only ever forgets what has been over for longest.
    untold.sort(key=lambda event: event.over_at or at, reverse=True)
    return tuple(sorted([*told.values(), *untold][:MOST_EVENTS], key=lambda event: event.id))


def _continued(before: ScheduledEvent | None, now: ScheduledEvent) -> ScheduledEvent:
    if before is None:
        return now
    if now.over_at is None and before.over_at is not None:
        # It stands again: that is news, or what was called off would go on to be.
        return now
    over_at = (before.over_at or now.over_at) if now.over_at else None
    return now.model_copy(update={"seen_at": before.seen_at, "over_at": over_at})

"""A Node's annotation `madang.dev/metadata`: how its agent writes it, and what it says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spot.interruption import Kind, Notice
from spot.sources.seen import InstanceAction, Lifecycle, Rebalance, ScheduledEvent, Seen

SOURCE = "metadata"
LARGEST_CHARACTERS = 16 << 10
# A warm pool's instance is stopped rather than ended: gone for its pods all the same.
LEAVING = frozenset({"Terminated", "Warmed:Terminated", "Warmed:Stopped", "Warmed:Hibernated"})


def encode(seen: Seen) -> str:
    """The annotation's value: the same text for the same sight."""
    return seen.model_dump_json(exclude_none=True)


def decode(annotation: str) -> Seen | None:
    """What the agent saw, or None for a text that no agent wrote. Never raises."""
    if not isinstance(annotation, str) or len(annotation) > LARGEST_CHARACTERS:
        return None
    try:
        return Seen.model_validate_json(annotation)
    except ValueError:
        return None


def notices(annotation: str, node: str, seen_at: datetime) -> tuple[Notice, ...]:
    """What the annotation says of the instance under `node`: one notice of a kind at most, none if malformed.

    `seen_at` is when the caller read it; nothing was noticed later than that. Never raises.
    """
    seen = decode(annotation)
    if seen is None:
        return ()
    told = (
        _spot(seen.spot, seen_at),
        _lifecycle(seen.lifecycle),
        _maintenance(seen.maintenance),
        _rebalance(seen.rebalance),
    )
    return tuple(
        Notice(
            instance_id=seen.instance_id,
            kind=sight.kind,
            source=SOURCE,
            noticed_at=min(sight.at, seen_at),
            deadline=sight.deadline,
            detail=sight.detail,
            called_off=sight.called_off,
            node=node,
            undated=sight.undated,
        )
        for sight in told
        if sight is not None
    )


@dataclass(frozen=True)
class _Sight:
    """What differs between the kinds of notice."""

    kind: Kind
    at: datetime
    deadline: datetime | None = None
    detail: str = ""
    called_off: bool = False
    undated: bool = False


def _spot(spot: InstanceAction | None, seen_at: datetime) -> _Sight | None:
    if spot is None:
        return None
    # Hibernation begins with the notice, whatever time it names.
    at_once = spot.action == "hibernate"
    deadline = min(spot.time or spot.seen_at, spot.seen_at, seen_at) if at_once else spot.time
    return _Sight(Kind.SPOT_INTERRUPTION, spot.seen_at, deadline, spot.action)


def _lifecycle(lifecycle: Lifecycle | None) -> _Sight | None:
    if lifecycle is None or lifecycle.state not in LEAVING:
        return None
    return _Sight(Kind.ASG_TERMINATE, lifecycle.seen_at, detail=lifecycle.state)


def _maintenance(events: tuple[ScheduledEvent, ...]) -> _Sight | None:
    """The next event that still stands; that all are over says as much as one of them being called off."""
    if standing := [event for event in events if event.over_at is None]:
        starts = [event.not_before for event in standing if event.not_before is not None]
        # One without a date is not the next, as long as another has one.
        first = min(
            standing,
            key=lambda event: (event.not_before is None, event.not_before or event.seen_at, event.id),
        )
        seen_at = min(event.seen_at for event in standing)
        return _Sight(Kind.MAINTENANCE, seen_at, min(starts, default=None), first.code, undated=not starts)
    if not events:
        return None
    last = max(events, key=lambda event: (event.over_at or event.seen_at, event.id))
    return _Sight(Kind.MAINTENANCE, last.over_at or last.seen_at, detail=last.code, called_off=True)


def _rebalance(rebalance: Rebalance | None) -> _Sight | None:
    if rebalance is None:
        return None
    return _Sight(
        Kind.REBALANCE, rebalance.over_at or rebalance.time, called_off=rebalance.over_at is not None
    )

"""One look at the metadata service, of which one part that fails hides no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from spot.cloud import dates
from spot.cloud.words import is_over
from spot.errors import TemporaryError
from spot.sources.seen import InstanceAction, Lifecycle, Rebalance, ScheduledEvent, Seen, succeed

Answer = TypeVar("Answer")


class Service(Protocol):
    """The metadata service; each raises TemporaryError."""

    def instance_id(self) -> str: ...
    def instance_action(self) -> Any: ...
    def rebalance(self) -> Any: ...
    def maintenance(self) -> Any: ...
    def lifecycle(self) -> str: ...


@dataclass(frozen=True)
class Look:
    """What is seen, and which parts could not be read and stand as they were before."""

    seen: Seen
    troubles: tuple[str, ...]


def look(service: Service, before: Seen | None, at: datetime) -> Look:
    """What the service says now. Raises TemporaryError if it does not even name its instance."""
    troubles: list[str] = []
    try:
        now = Seen(instance_id=service.instance_id())
    except ValidationError:
        raise TemporaryError("The metadata service names no instance.") from None
    if before is not None and before.instance_id != now.instance_id:
        before = None

    def part(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
        try:
            return ask()
        except TemporaryError as error:
            troubles.append(str(error))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            troubles.append(f"The metadata service's answer has a wrong form ({type(error).__name__}).")
        return otherwise

    last = before or now
    now = now.model_copy(
        update={
            "spot": part(lambda: _spot(service.instance_action(), at), last.spot),
            "rebalance": part(lambda: _rebalance(service.rebalance()), last.rebalance),
            "maintenance": part(lambda: _maintenance(service.maintenance(), at), last.maintenance),
            "lifecycle": part(lambda: _lifecycle(service.lifecycle(), at), last.lifecycle),
        }
    )
    return Look(succeed(before, now, at), tuple(troubles))


def _spot(told: Any, at: datetime) -> InstanceAction | None:
    if told is None:
        return None
    # A notice whose time cannot be read is a notice still.
    return InstanceAction(action=told["action"], time=dates.parse(told.get("time")), seen_at=at)


def _rebalance(told: Any) -> Rebalance | None:
    return None if told is None else Rebalance(time=told["noticeTime"])


def _maintenance(told: Any, at: datetime) -> tuple[ScheduledEvent, ...]:
    return tuple(
        ScheduledEvent(
            id=event["EventId"],
            code=event["Code"],
            not_before=dates.parse(event.get("NotBefore")),
            seen_at=at,
            over_at=at if is_over(event) else None,
        )
        for event in told or ()
    )


def _lifecycle(told: str, at: datetime) -> Lifecycle | None:
    return Lifecycle(state=told, seen_at=at) if told else None

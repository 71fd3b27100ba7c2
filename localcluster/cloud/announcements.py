"""What can be announced for an instance, and called off again. Pure: an instance in, an instance out."""

from datetime import datetime, timedelta

from localcluster.cloud.record import (
    Action,
    Cause,
    CloudInstance,
    EventCode,
    EventState,
    LifeCycle,
    Maintenance,
    Notice,
)
from localcluster.errors import ClusterError

MAINTENANCE_WINDOW = timedelta(hours=2)
EVENTS_KEPT = 10
"""So many that are over stay in the metadata; EC2 lets them go after some days."""


class Refused(ClusterError):
    """The cloud would not do this to that instance."""


def announce_reclaim(
    instance: CloudInstance, now: datetime, notice_seconds: float, action: Action = Action.TERMINATE
) -> CloudInstance:
    """The spot market takes the instance when the notice is over. A second reclaim is the same reclaim."""
    _only_spot(instance, "reclaimed")
    return _announce(instance, Cause.SPOT, action, now, notice_seconds)


def announce_termination(instance: CloudInstance, now: datetime, notice_seconds: float) -> CloudInstance:
    """Its Auto Scaling group ends the instance, spot or on-demand, when the time of its hook is over."""
    return _announce(instance, Cause.AUTO_SCALING, Action.TERMINATE, now, notice_seconds)


def recommend_rebalance(instance: CloudInstance, now: datetime) -> CloudInstance:
    """The instance is at elevated risk. Nothing follows by itself; said twice, the first time stands.

    Raises Refused for an on-demand node, and while the node is being replaced.
    """
    _only_spot(instance, "given a rebalance recommendation")
    _only_alive(instance, "Recommend a rebalance")
    if instance.rebalance_at:
        return instance
    return instance.model_copy(update={"rebalance_at": now})


def schedule_maintenance(
    instance: CloudInstance, now: datetime, event_id: str, code: EventCode, in_seconds: float
) -> CloudInstance:
    """Schedule an event. Two of one code are one event, whose date only comes nearer.

    Raises Refused while the node is being replaced.
    """
    _only_alive(instance, "Schedule its maintenance")
    begin = now + timedelta(seconds=in_seconds)
    known = next((event for event in instance.scheduled if event.code is code), None)
    if known is None:
        event = Maintenance(
            event_id=event_id, code=code, not_before=begin, not_after=begin + MAINTENANCE_WINDOW
        )
        over = [each for each in instance.maintenance if each.state is not EventState.ACTIVE]
        events = (*over[-EVENTS_KEPT:], *instance.scheduled, event)
        return instance.model_copy(update={"maintenance": events})
    return _move(instance, known, begin) if begin < known.not_before else instance


def put_off_maintenance(
    instance: CloudInstance, now: datetime, in_seconds: float, code: EventCode | None = None
) -> CloudInstance:
    """Give a scheduled event a later date: the one of that code, or the only one there is.

    Raises Refused if there is none, if it is not clear which is meant, if the date is no later one, and while
    the node is being replaced.
    """
    _only_alive(instance, "Schedule its maintenance")
    events = [event for event in instance.scheduled if code in (None, event.code)]
    if not events:
        raise Refused(
            f"{instance.node} has no {code or 'maintenance'} scheduled. "
            f"Schedule one: `.venv/bin/python -m localcluster.cloud maintenance {instance.node}`."
        )
    if len(events) > 1:
        raise Refused(
            f"{instance.node} has several events: {', '.join(event.code for event in events)}. "
            "Say which one with `--code`."
        )
    (event,) = events
    begin = now + timedelta(seconds=in_seconds)
    if begin < event.not_before:
        raise Refused(
            f"The {event.code} of {instance.node} is in {(event.not_before - now).total_seconds():.0f} s: "
            f"{in_seconds:.0f} s would not put it off. `maintenance` brings it nearer."
        )
    return _move(instance, event, begin)


def call_off(instance: CloudInstance) -> CloudInstance:
    """Take back all that is announced. Raises Refused once the kill has begun."""
    if not instance.alive:
        raise Refused(f"It is too late: {instance.node} is gone and a new one is on its way.")
    return instance.model_copy(
        update={
            "notice": None,
            "rebalance_at": None,
            "maintenance": tuple(
                event.model_copy(update={"state": EventState.CANCELED})
                if event.state is EventState.ACTIVE
                else event
                for event in instance.maintenance
            ),
        }
    )


def _announce(
    instance: CloudInstance, cause: Cause, action: Action, now: datetime, notice_seconds: float
) -> CloudInstance:
    if not instance.alive:
        return instance
    new = Notice(
        cause=cause, action=action, announced_at=now, deadline=now + timedelta(seconds=notice_seconds)
    )
    old = instance.notice
    if old is None:
        return instance.model_copy(update={"notice": new})
    if new.deadline >= old.deadline:
        return instance
    # As in EC2 a deadline only comes nearer; what was announced first keeps its time of announcement.
    return instance.model_copy(update={"notice": old.model_copy(update={"deadline": new.deadline})})


def _move(instance: CloudInstance, event: Maintenance, begin: datetime) -> CloudInstance:
    """The same event at another date, as EC2 moves it."""
    moved = event.model_copy(update={"not_before": begin, "not_after": begin + MAINTENANCE_WINDOW})
    events = tuple(moved if each is event else each for each in instance.maintenance)
    return instance.model_copy(update={"maintenance": events})


def _only_alive(instance: CloudInstance, what: str) -> None:
    if not instance.alive:
        raise Refused(f"{instance.node} is being replaced. {what} once it is back.")


def _only_spot(instance: CloudInstance, what: str) -> None:
    if instance.life_cycle is not LifeCycle.SPOT:
        raise Refused(
            f"{instance.node} is an on-demand node: it cannot be {what}. "
            "Choose a spot node, or have its Auto Scaling group take it: "
            f"`.venv/bin/python -m localcluster.cloud terminate {instance.node}`."
        )

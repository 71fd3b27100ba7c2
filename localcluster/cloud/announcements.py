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
    """The instance is at elevated risk. Nothing follows by itself; said twice, the first time stands."""
    _only_spot(instance, "given a rebalance recommendation")
    if instance.rebalance_at or not instance.alive:
        return instance
    return instance.model_copy(update={"rebalance_at": now})


def schedule_maintenance(
    instance: CloudInstance, now: datetime, event_id: str, code: EventCode, in_seconds: float
) -> CloudInstance:
    """Schedule an event. Raises Refused while the node is being replaced."""
    if not instance.alive:
        raise Refused(f"{instance.node} is being replaced. Schedule its maintenance once it is back.")
    begin = now + timedelta(seconds=in_seconds)
    event = Maintenance(event_id=event_id, code=code, not_before=begin, not_after=begin + MAINTENANCE_WINDOW)
    return instance.model_copy(update={"maintenance": (*instance.maintenance, event)})


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


def _only_spot(instance: CloudInstance, what: str) -> None:
    if instance.life_cycle is not LifeCycle.SPOT:
        raise Refused(
            f"{instance.node} is an on-demand node: it cannot be {what}. "
            "Choose a spot node, or have its Auto Scaling group take it: "
            f"`python -m localcluster.cloud terminate {instance.node}`."
        )

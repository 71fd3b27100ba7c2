"""What an interruption means for its node now: leave it, or only avoid it; and until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from spot.interruption import Interruption, Kind


@dataclass(frozen=True)
class Policy:
    """What an operator decides. A maintenance is acted on `maintenance_lead` before it begins, so one without
    a date not yet.

    A node that is still there `overdue` after its end was announced is in service again.
    """

    move_at_rebalance: bool = False
    rebalance_hold: timedelta = timedelta(minutes=30)
    maintenance_lead: timedelta = timedelta(minutes=15)
    spot_notice: timedelta = timedelta(minutes=2)
    stopping_notice: timedelta = timedelta(seconds=20)
    overdue: timedelta = timedelta(minutes=10)


@dataclass(frozen=True)
class Plan:
    """`moves`: its pods leave now; never without a `deadline`. `over`: nothing came of it."""

    moves: bool
    deadline: datetime | None
    over: bool = False


def plan(end: Interruption, policy: Policy, now: datetime) -> Plan:
    match end.kind:
        case Kind.REBALANCE:
            until = end.noticed_at + policy.rebalance_hold
            # Nothing ends then: the last pod that serves must not go for it moments before it is over. What
            # does end the node gives a notice of its own, of that length.
            deadline = end.deadline or until + policy.spot_notice
            return Plan(policy.move_at_rebalance, deadline, over=now >= until)
        case Kind.MAINTENANCE:
            begins = end.deadline
            if begins is not None and begins <= end.noticed_at:
                # It may begin at any moment, or in hours: its pods have the time of a spot notice to leave.
                begins = end.noticed_at + policy.spot_notice
            return Plan(begins is not None and now >= begins - policy.maintenance_lead, begins)
        case Kind.ASG_TERMINATE | Kind.SPOT_INTERRUPTION:
            deadline = end.deadline or end.noticed_at + policy.spot_notice
        case Kind.STOPPING:
            deadline = end.deadline or end.noticed_at + policy.stopping_notice
    return Plan(True, deadline, over=not end.gone and now >= deadline + policy.overdue)

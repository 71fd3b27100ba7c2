"""When a drill is over: the node it took is gone, was called off, or nobody tells of it any more."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from deployer.errors import DeployerError, Explanation
from portal.drills.models import Drill
from portal.drills.providers import Provider
from portal.fleet.models import Interruption
from portal.fleet.states import InterruptionState

logger = logging.getLogger(__name__)

# What was sent to the node's pods may still fail for a moment after it.
SETTLE = timedelta(seconds=10)
MOST = timedelta(seconds=600)

CALLED_OFF = Explanation(
    "called-off",
    "The cloud called the interruption off: the node stays.",
    "",
    "Drill again, or another node.",
)
NOT_TOLD = Explanation(
    "not-told",
    "Ten minutes after the order nobody had told the portal that the node is gone.",
    "",
    "Look at the spot controller's log, and whether MADANG_SPOT_REPORT_KEY is set.",
)


@dataclass(frozen=True)
class Over:
    """`interruption` is the handler's record, if it told one; `explanation`: what is not as it should be."""

    interruption: str
    explanation: Explanation | None


def over(drill: Drill, now: datetime) -> Over | None:
    """None: it goes on."""
    told = record(drill)
    if told is not None and told.state == InterruptionState.GONE:
        gone = told.gone_at or told.received_at
        return Over(told.pk, None) if now >= gone + SETTLE else None
    if told is not None and told.state == InterruptionState.CANCELLED:
        return Over(told.pk, CALLED_OFF)
    if drill.ordered_at is not None and now >= drill.ordered_at + MOST:
        return Over(told.pk if told else "", NOT_TOLD)
    return None


def record(drill: Drill) -> Interruption | None:
    """What the spot handler tells of the drill's instance."""
    # A rebalance that was noticed earlier grows into this very interruption.
    found = Interruption.objects.filter(instance_id=drill.instance_id)
    return found.order_by("-noticed_at").first()


def clean(cloud: Provider, drill_id: int) -> None:
    """What the provider keeps of the order goes; it costs nothing but room when it cannot."""
    reference = Drill.objects.values_list("reference", flat=True).get(pk=drill_id)
    try:
        cloud.clean(reference)
    except DeployerError as error:
        logger.warning("a drill's order stays with its provider", extra={"error": str(error)})

"""From a message's body to what it says, whatever the body is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from spot.interruption import Notice
from spot.messages import (
    health,
    instance_state_change,
    lifecycle_action,
    noop,
    rebalance,
    spot_interruption,
)
from spot.messages.envelope import Event, Unreadable, open_envelope

UNREADABLE = "unreadable"
"""The kind of what is no message of AWS at all."""


@dataclass(frozen=True)
class Reading:
    """What a message says. `kind` is one of a few words; `problem` is "" unless the message has a wrong form.

    A message with a problem says nothing: it has no notices, and another try would end the same.
    """

    notices: tuple[Notice, ...]
    kind: str
    problem: str = ""


def read(body: str, received_at: datetime) -> Reading:
    """What the message says; never raises. `received_at` stands in for a time that it does not tell."""
    try:
        event = open_envelope(body, received_at)
    except Unreadable as error:
        return Reading((), UNREADABLE, str(error))
    kind, told = KINDS.get((event.source, event.detail_type), (noop.KIND, noop.read))
    try:
        return Reading(told(event), kind)
    except ValidationError as error:
        return Reading((), kind, _explain(error))


Read = Callable[[Event], tuple[Notice, ...]]

# The source counts as much as the type: nobody but AWS can send an event whose source begins with "aws.".
KINDS: Mapping[tuple[str, str], tuple[str, Read]] = {
    ("aws.ec2", spot_interruption.DETAIL_TYPE): (spot_interruption.KIND, spot_interruption.read),
    ("aws.ec2", rebalance.DETAIL_TYPE): (rebalance.KIND, rebalance.read),
    ("aws.ec2", instance_state_change.DETAIL_TYPE): (instance_state_change.KIND, instance_state_change.read),
    ("aws.health", health.DETAIL_TYPE): (health.KIND, health.read),
    ("aws.autoscaling", lifecycle_action.DETAIL_TYPE): (lifecycle_action.KIND, lifecycle_action.read),
    ("aws.autoscaling", lifecycle_action.TRANSITION): (lifecycle_action.KIND, lifecycle_action.read),
    ("aws.autoscaling", noop.TEST_NOTIFICATION): (noop.TEST_KIND, noop.read),
}


def _explain(error: ValidationError) -> str:
    """Where the form is wrong, without the words of the message: they may be anything, and of any length."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong[:3])

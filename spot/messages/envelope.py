"""The four wrappings in which a message of AWS reaches a queue.

EventBridge sends its envelope as the body. SNS puts that, as text, into `Message` of its own envelope, unless
its subscription is for raw delivery. An Auto Scaling group that notifies a queue itself writes the fields of
the lifecycle action at the top, without an envelope.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from spot.cloud import dates

CLOCK_SKEW = timedelta(minutes=5)
AUTO_SCALING = "AWS Auto Scaling"


class Unreadable(ValueError):
    """The body is no message of AWS; the text says why, in our words."""


@dataclass(frozen=True)
class Event:
    """A message without its wrapping. `source` and `detail_type` are "" when it does not tell them.

    An Auto Scaling group's own message has no type; its transition stands in for it.
    """

    source: str
    detail_type: str
    time: datetime
    detail: Any


def open_envelope(body: str, received_at: datetime) -> Event:
    """The event in a message's body. Raises Unreadable."""
    message = _parse(body)
    if message.get("Type") == "Notification" and "TopicArn" in message:
        message = _parse(message.get("Message"))
    if "detail-type" in message:
        return Event(
            source=_text(message.get("source")),
            detail_type=_text(message.get("detail-type")),
            time=_time(message.get("time"), received_at),
            detail=message.get("detail"),
        )
    if message.get("Service") == AUTO_SCALING:
        return Event(
            source="aws.autoscaling",
            detail_type=_text(message.get("LifecycleTransition")) or _text(message.get("Event")),
            time=_time(message.get("Time"), received_at),
            detail=message,
        )
    return Event("", "", received_at, message)


def _parse(text: object) -> Mapping[str, Any]:
    if not isinstance(text, str):
        raise Unreadable("the message is not text")
    try:
        message = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise Unreadable("the message is nested too deeply") from None
    except ValueError:
        raise Unreadable("the message is not JSON") from None
    if not isinstance(message, dict):
        raise Unreadable("the message is not a JSON object")
    return message


def _refuse(constant: str) -> NoReturn:
    """Python reads NaN and Infinity, which are not JSON."""
    raise ValueError(constant)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(value: object, received_at: datetime) -> datetime:
    """When AWS says that it happened.

    A notice without a good time is a notice still; one from the future would promise time that is not there.
    """
    time = dates.parse(value)
    return received_at if time is None or time - received_at > CLOCK_SKEW else time

"""What asks for nothing: unknown events, launches, and the message with which a group tries out its queue."""

from __future__ import annotations

from spot.interruption import Notice
from spot.messages.envelope import Event

KIND = "noop"
TEST_KIND = "test"
TEST_NOTIFICATION = "autoscaling:TEST_NOTIFICATION"


def read(event: Event) -> tuple[Notice, ...]:
    return ()

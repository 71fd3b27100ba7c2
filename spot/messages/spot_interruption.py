"""EC2 takes the instance back: the two minutes' warning.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from spot.cloud.instance_id import InstanceId
from spot.interruption import Kind, Notice
from spot.messages.detail import SOURCE, Detail
from spot.messages.envelope import Event

KIND = "spot-interruption"
DETAIL_TYPE = "EC2 Spot Instance Interruption Warning"
WARNING = timedelta(minutes=2)


class Interruption(Detail):
    instance_id: InstanceId = Field(alias="instance-id")
    action: Literal["terminate", "stop", "hibernate"] = Field(alias="instance-action")


def read(event: Event) -> tuple[Notice, ...]:
    """One notice. Raises pydantic's ValidationError for a wrong form."""
    said = Interruption.model_validate(event.detail)
    # Hibernation begins with the notice, not two minutes after it.
    ahead = timedelta(0) if said.action == "hibernate" else WARNING
    return (
        Notice(
            instance_id=said.instance_id,
            kind=Kind.SPOT_INTERRUPTION,
            source=SOURCE,
            noticed_at=event.time,
            deadline=event.time + ahead,
            detail=said.action,
        ),
    )

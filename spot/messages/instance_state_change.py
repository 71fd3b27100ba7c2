"""The instance's state is another now. Only the states on its way out matter.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from spot.cloud.instance_id import InstanceId
from spot.cloud.words import ENDED, ENDING
from spot.interruption import Kind, Notice
from spot.messages.detail import SOURCE, Detail
from spot.messages.envelope import Event

KIND = "state-change"
DETAIL_TYPE = "EC2 Instance State-change Notification"


class StateChange(Detail):
    instance_id: InstanceId = Field(alias="instance-id")
    state: Literal["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]


def read(event: Event) -> tuple[Notice, ...]:
    """A notice if the instance ends or has ended. Raises pydantic's ValidationError for a wrong form."""
    said = StateChange.model_validate(event.detail)
    if said.state not in ENDING | ENDED:
        return ()
    return (
        Notice(
            instance_id=said.instance_id,
            kind=Kind.STOPPING,
            source=SOURCE,
            noticed_at=event.time,
            deadline=event.time,
            detail=said.state,
            gone=said.state in ENDED,
        ),
    )

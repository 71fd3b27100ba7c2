"""EC2 sees an elevated risk of an interruption; perhaps nothing follows.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
"""

from __future__ import annotations

from pydantic import Field

from spot.cloud.instance_id import InstanceId
from spot.interruption import Kind, Notice
from spot.messages.detail import SOURCE, Detail
from spot.messages.envelope import Event

KIND = "rebalance"
DETAIL_TYPE = "EC2 Instance Rebalance Recommendation"


class Recommendation(Detail):
    instance_id: InstanceId = Field(alias="instance-id")


def read(event: Event) -> tuple[Notice, ...]:
    """One notice without a deadline. Raises pydantic's ValidationError for a wrong form."""
    said = Recommendation.model_validate(event.detail)
    return (Notice(said.instance_id, Kind.REBALANCE, SOURCE, noticed_at=event.time),)

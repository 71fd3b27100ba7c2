"""AWS Health: scheduled changes to instances, and trouble with the hardware under them.

https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field

from spot.cloud import dates
from spot.cloud.instance_id import is_instance_id
from spot.interruption import Kind, Notice
from spot.messages.detail import SOURCE, Detail
from spot.messages.envelope import Event

KIND = "health"
DETAIL_TYPE = "AWS Health Event"
SCHEDULED, ISSUE = "scheduledChange", "issue"
OVER = frozenset({"RESOLVED", "UNIMPAIRED"})
CODE = re.compile(r"[A-Za-z0-9_]{1,100}")
EVENT = re.compile(r"arn:[^/]+/.+/([A-Za-z0-9_-]{1,150})")


class HealthEvent(Detail):
    """One page of one event. `affected` lists resources of every kind, instances among them."""

    arn: Any = Field(alias="eventArn", default="")
    service: str
    category: str = Field(alias="eventTypeCategory")
    code: str = Field(alias="eventTypeCode")
    status: str = Field(alias="statusCode", default="")
    begins: Any = Field(alias="startTime", default=None)
    affected: Annotated[list[Any], Field(alias="affectedEntities")] = []


def read(event: Event) -> tuple[Notice, ...]:
    """A notice for each instance that it names. Raises pydantic's ValidationError for a wrong form."""
    said = HealthEvent.model_validate(event.detail)
    if said.service != "EC2" or said.category not in (SCHEDULED, ISSUE):
        return ()
    # An issue's start is when the trouble began: only a scheduled change says when it will be felt.
    deadline = dates.parse(said.begins) if said.category == SCHEDULED else None
    name = EVENT.fullmatch(said.arn) if isinstance(said.arn, str) else None
    return tuple(
        Notice(
            instance_id=instance_id,
            kind=Kind.MAINTENANCE,
            source=SOURCE,
            noticed_at=event.time,
            deadline=deadline,
            detail=said.code if CODE.fullmatch(said.code) else "",
            called_off=over or said.status == "closed",
            event=name[1] if name else "",
            undated=said.category == SCHEDULED and deadline is None,
        )
        for instance_id, over in _instances(said.affected).items()
    )


def _instances(affected: list[Any]) -> dict[str, bool]:
    """Each instance once, and whether the event is over for it."""
    found: dict[str, bool] = {}
    for entity in affected:
        name: Any = entity.get("entityValue") if isinstance(entity, dict) else None
        if is_instance_id(name):
            status = entity.get("status")
            over = isinstance(status, str) and status in OVER
            found[name] = over and found.get(name, True)
    return found

"""An Auto Scaling group ends the instance, and its lifecycle hook waits for an answer.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
and, for what a group sends to a queue itself,
https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from spot.cloud.instance_id import InstanceId
from spot.interruption import Kind, LifecycleHook, Notice
from spot.messages.detail import SOURCE, Detail
from spot.messages.envelope import Event

KIND = "lifecycle-action"
DETAIL_TYPE = "EC2 Instance-terminate Lifecycle Action"
TRANSITION = "autoscaling:EC2_INSTANCE_TERMINATING"

# What AWS lets them be. They come back to AWS and go onto a Node's annotation, so nothing else may pass.
Group = Annotated[str, StringConstraints(pattern=r"^[ -9;-~]{1,255}$")]
Hook = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_/-]{1,255}$")]
Token = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9-]{36})?$")]


class LifecycleAction(Detail):
    instance_id: InstanceId = Field(alias="EC2InstanceId")
    transition: Literal["autoscaling:EC2_INSTANCE_TERMINATING"] = Field(alias="LifecycleTransition")
    group: Group = Field(alias="AutoScalingGroupName")
    hook: Hook = Field(alias="LifecycleHookName")
    token: Token = Field(alias="LifecycleActionToken", default="")


def read(event: Event) -> tuple[Notice, ...]:
    """One notice with its hook. Its deadline is not told: the hook's timeout has to be asked for.

    Raises pydantic's ValidationError for a wrong form.
    """
    said = LifecycleAction.model_validate(event.detail)
    return (
        Notice(
            instance_id=said.instance_id,
            kind=Kind.ASG_TERMINATE,
            source=SOURCE,
            noticed_at=event.time,
            detail=said.group,
            hook=LifecycleHook(said.group, said.hook, said.token),
        ),
    )

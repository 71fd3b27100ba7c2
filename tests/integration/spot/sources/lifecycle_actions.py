"""STAND-IN: the two calls of Auto Scaling that moto lacks, added to moto's own server.

CompleteLifecycleAction and RecordLifecycleActionHeartbeat, as the API's reference describes them and with the
errors that AWS is seen to give. `test_lifecycle_hooks.py` holds it against botocore's model of the API and
against moto's own refusals.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult


@dataclass
class Waiting:
    """One instance that a hook holds back; `heartbeats` counts how often it was prolonged."""

    group: str
    hook: str
    instance_id: str
    token: str
    heartbeats: int = 0
    result: str | None = None


@dataclass
class LifecycleActions:
    """What moto's groups wait for; a test adds to `waiting` what an instance's end would."""

    waiting: list[Waiting] = field(default_factory=list)

    def find(self, group: str, hook: str, instance_id: str | None, token: str | None) -> Waiting:
        for each in self.waiting:
            named = each.token == token if token else each.instance_id == instance_id
            if (each.group, each.hook) == (group, hook) and named and each.result is None:
                return each
        what = f"token {token}" if token else f"instance ID {instance_id}"
        raise ValidationError(f"No active Lifecycle Action found with {what}")


@contextmanager
def lifecycle_actions() -> Iterator[LifecycleActions]:
    """moto with the two calls while the block runs."""
    actions = LifecycleActions()

    def found(self: AutoScalingResponse) -> Waiting:
        group, hook = self._get_param("AutoScalingGroupName"), self._get_param("LifecycleHookName")
        if not self.autoscaling_backend.describe_auto_scaling_groups([group]):
            raise ValidationError("AutoScalingGroup name not found - null")
        instance_id, token = self._get_param("InstanceId"), self._get_param("LifecycleActionToken")
        return actions.find(group, hook, instance_id, token)

    def complete_lifecycle_action(self: AutoScalingResponse) -> ActionResult:
        result = self._get_param("LifecycleActionResult")
        if result not in ("CONTINUE", "ABANDON"):
            raise ValidationError("The lifecycle action result must be CONTINUE or ABANDON")
        found(self).result = result
        return EmptyResult()

    def record_lifecycle_action_heartbeat(self: AutoScalingResponse) -> ActionResult:
        found(self).heartbeats += 1
        return EmptyResult()

    added = {each.__name__: each for each in (complete_lifecycle_action, record_lifecycle_action_heartbeat)}
    for name, action in added.items():
        assert not hasattr(AutoScalingResponse, name), f"moto has {name} now: use its own"
        setattr(AutoScalingResponse, name, action)
    try:
        yield actions
    finally:
        for name in added:
            delattr(AutoScalingResponse, name)

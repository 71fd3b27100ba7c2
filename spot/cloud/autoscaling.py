"""What the handler asks of an Auto Scaling group that holds a lifecycle hook open for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spot.cloud.aws import answering
from spot.errors import PermanentError
from spot.interruption import LifecycleHook
from spot.messages.lifecycle_action import TRANSITION

# "… found with token …", or "… found with instance ID …".
OVER = "No active Lifecycle Action found"


class AutoScaling:
    """`client` is boto3's of Auto Scaling. Each call raises TemporaryError or PermanentError."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def complete(self, hook: LifecycleHook, instance_id: str) -> bool:
        """Let the group go on. False if it waits no more: to say it twice, or too late, is no error."""
        return self._answer(
            f"complete the lifecycle action of {instance_id}",
            lambda: self._client.complete_lifecycle_action(
                **_names(hook, instance_id), LifecycleActionResult="CONTINUE"
            ),
        )

    def heartbeat(self, hook: LifecycleHook, instance_id: str) -> bool:
        """Have the group wait for the hook's timeout once more, from now. False if it waits no more."""
        return self._answer(
            f"prolong the lifecycle action of {instance_id}",
            lambda: self._client.record_lifecycle_action_heartbeat(**_names(hook, instance_id)),
        )

    def timeout_seconds(self, hook: LifecycleHook) -> int | None:
        """How long the group waits after the notice and after each heartbeat; None if it has no such hook."""
        found = self._hooks(hook.group, LifecycleHookNames=[hook.hook])
        return next((int(each["HeartbeatTimeout"]) for each in found), None)

    def hooks(self, instance_id: str) -> tuple[LifecycleHook, ...]:
        """The hooks that hold back the end of an instance, for a notice that names none; without tokens."""
        with answering(f"find the Auto Scaling group of {instance_id}"):
            answer = self._client.describe_auto_scaling_instances(InstanceIds=[instance_id])
        groups = [each["AutoScalingGroupName"] for each in answer["AutoScalingInstances"]]
        return tuple(
            LifecycleHook(group, each["LifecycleHookName"], token="")
            for group in groups
            for each in self._hooks(group)
            if each["LifecycleTransition"] == TRANSITION
        )

    def _hooks(self, group: str, **which: Any) -> list[dict[str, Any]]:
        with answering(f"describe the lifecycle hooks of the group {group}"):
            answer = self._client.describe_lifecycle_hooks(AutoScalingGroupName=group, **which)
        return list(answer["LifecycleHooks"])

    def _answer(self, doing: str, ask: Callable[[], Any]) -> bool:
        try:
            with answering(doing):
                ask()
        except PermanentError as error:
            if OVER in str(error):
                return False
            raise
        return True


def _names(hook: LifecycleHook, instance_id: str) -> dict[str, str]:
    names = {
        "AutoScalingGroupName": hook.group,
        "LifecycleHookName": hook.hook,
        "InstanceId": instance_id,
    }
    return names | ({"LifecycleActionToken": hook.token} if hook.token else {})

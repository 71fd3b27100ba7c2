"""The lifecycle hooks of an Auto Scaling group, as moto plays it with the stand-in for two of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from spot.cloud.autoscaling import AutoScaling
from spot.cloud.aws import client as aws_client
from spot.errors import PermanentError, TemporaryError
from spot.interruption import LifecycleHook
from tests.integration.spot.sources.conftest import IMAGE, REGION
from tests.integration.spot.sources.lifecycle_actions import LifecycleActions, Waiting, lifecycle_actions

pytestmark = pytest.mark.xdist_group("sources")
TOKEN = "87654321-4321-4321-4321-210987654321"
HOOK = LifecycleHook("spot-nodes", "drain", TOKEN)
TERMINATING, LAUNCHING = "autoscaling:EC2_INSTANCE_TERMINATING", "autoscaling:EC2_INSTANCE_LAUNCHING"


@pytest.fixture(scope="session")
def api(aws: str) -> Any:
    return aws_client("autoscaling", REGION, aws)


@pytest.fixture
def groups(api: Any) -> AutoScaling:
    return AutoScaling(api)


@pytest.fixture
def instance(api: Any) -> Iterator[str]:
    """The one instance of the group, whose hooks are `drain` (terminating) and `warm-up` (launching)."""
    api.create_launch_configuration(LaunchConfigurationName="spot", ImageId=IMAGE, InstanceType="t3.medium")
    api.create_auto_scaling_group(
        AutoScalingGroupName=HOOK.group,
        LaunchConfigurationName="spot",
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
    )
    for name, transition, seconds in [("drain", TERMINATING, 300), ("warm-up", LAUNCHING, 60)]:
        api.put_lifecycle_hook(
            AutoScalingGroupName=HOOK.group,
            LifecycleHookName=name,
            LifecycleTransition=transition,
            HeartbeatTimeout=seconds,
        )
    (member,) = api.describe_auto_scaling_instances()["AutoScalingInstances"]
    yield member["InstanceId"]
    api.delete_auto_scaling_group(AutoScalingGroupName=HOOK.group, ForceDelete=True)
    api.delete_launch_configuration(LaunchConfigurationName="spot")


@pytest.fixture
def actions(instance: str) -> Iterator[LifecycleActions]:
    with lifecycle_actions() as actions:
        actions.waiting.append(Waiting(HOOK.group, HOOK.hook, instance, TOKEN))
        yield actions


def test_a_hooks_timeout_is_the_groups_word(groups: AutoScaling, instance: str) -> None:
    assert groups.timeout_seconds(HOOK) == 300


def test_a_hook_that_is_no_more_has_no_timeout(groups: AutoScaling, instance: str) -> None:
    assert groups.timeout_seconds(LifecycleHook(HOOK.group, "gone", TOKEN)) is None


def test_an_instance_tells_the_hooks_that_hold_back_its_end(groups: AutoScaling, instance: str) -> None:
    assert groups.hooks(instance) == (LifecycleHook("spot-nodes", "drain", ""),)


def test_an_instance_of_no_group_has_no_hooks(groups: AutoScaling, instance: str) -> None:
    assert groups.hooks("i-0fffffffffffffff1") == ()


@pytest.mark.parametrize("token", [TOKEN, ""])
def test_a_group_is_let_go_on_once(
    groups: AutoScaling, instance: str, actions: LifecycleActions, token: str
) -> None:
    hook = LifecycleHook(HOOK.group, HOOK.hook, token)
    assert groups.complete(hook, instance)
    assert [each.result for each in actions.waiting] == ["CONTINUE"]
    assert not groups.complete(hook, instance)
    assert not groups.heartbeat(hook, instance)


def test_a_heartbeat_keeps_the_group_waiting(
    groups: AutoScaling, instance: str, actions: LifecycleActions
) -> None:
    assert groups.heartbeat(HOOK, instance)
    assert groups.heartbeat(HOOK, instance)
    assert [(each.heartbeats, each.result) for each in actions.waiting] == [(2, None)]


def test_a_group_that_is_not_there_is_an_operators_business(
    groups: AutoScaling, actions: LifecycleActions, instance: str
) -> None:
    with pytest.raises(PermanentError, match="not found"):
        groups.complete(LifecycleHook("elsewhere", HOOK.hook, TOKEN), instance)


def test_an_answer_that_is_none_of_awss_is_temporary(groups: AutoScaling, instance: str) -> None:
    """moto without the stand-in answers a page of HTML, as a proxy in between may."""
    with pytest.raises(TemporaryError):
        groups.complete(HOOK, instance)


@pytest.mark.parametrize("operation", ["CompleteLifecycleAction", "RecordLifecycleActionHeartbeat"])
def test_the_stand_in_has_the_form_of_awss_own_model(api: Any, operation: str) -> None:
    """It reads no member that the API has not, needs what the API needs, and answers as empty a result."""
    model = api.meta.service_model.operation_model(operation)
    read = {"AutoScalingGroupName", "LifecycleHookName", "InstanceId", "LifecycleActionToken"}
    needed = {"AutoScalingGroupName", "LifecycleHookName"}
    if operation == "CompleteLifecycleAction":
        read, needed = read | {"LifecycleActionResult"}, needed | {"LifecycleActionResult"}
    assert set(model.input_shape.members) == read
    assert set(model.input_shape.required_members) == needed
    assert not model.output_shape.members


def test_the_stand_in_fails_as_moto_itself_does(api: Any, instance: str, actions: LifecycleActions) -> None:
    """The same code as moto's own error for a wrong request."""
    with pytest.raises(ClientError) as own:
        api.create_auto_scaling_group(AutoScalingGroupName="elsewhere", MinSize=1, MaxSize=1)
    with pytest.raises(ClientError) as ours:
        api.record_lifecycle_action_heartbeat(
            AutoScalingGroupName=HOOK.group, LifecycleHookName=HOOK.hook, LifecycleActionToken="0" * 36
        )
    assert ours.value.response["Error"]["Code"] == own.value.response["Error"]["Code"] == "ValidationError"
    assert "No active Lifecycle Action found with token" in str(ours.value)

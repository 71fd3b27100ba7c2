"""When a workload counts as ready, and which pods will not get there by waiting."""

from __future__ import annotations

from typing import Any

import pytest

from localcluster.install.workload import may_wait, read_pod, read_workload


def deployment(*, generation: int = 1, **status: int) -> dict[str, Any]:
    return {
        "metadata": {"name": "portal", "namespace": "madang", "generation": generation},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "portal"}}},
        "status": {"observedGeneration": 1, **status},
    }


def pod(*statuses: dict[str, Any], init: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "metadata": {"name": "portal-1", "namespace": "madang"},
        "status": {
            "phase": "Pending",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": list(statuses),
            "initContainerStatuses": init or [],
        },
    }


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {
        "name": "portal",
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": {"reason": reason, "message": message}},
    }


def test_a_workload_is_ready_when_all_new_replicas_are() -> None:
    assert read_workload("Deployment", deployment(updatedReplicas=2, readyReplicas=2)).is_ready


@pytest.mark.parametrize(
    "item",
    [
        deployment(),
        deployment(updatedReplicas=2, readyReplicas=1),
        deployment(updatedReplicas=1, readyReplicas=3),
        deployment(generation=2, updatedReplicas=2, readyReplicas=2),
    ],
    ids=["nothing yet", "one not ready", "old replicas serve", "the change is not seen yet"],
)
def test_a_workload_is_not_ready_before(item: dict[str, Any]) -> None:
    assert not read_workload("Deployment", item).is_ready


@pytest.mark.parametrize(("ready", "is_ready"), [(3, True), (2, False)])
def test_a_daemon_set_is_ready_when_it_is_on_every_node_it_wants(ready: int, is_ready: bool) -> None:
    item = deployment(desiredNumberScheduled=3, updatedNumberScheduled=3, numberReady=ready)
    del item["spec"]["replicas"]
    assert read_workload("DaemonSet", item).is_ready is is_ready


@pytest.mark.parametrize(("priority", "waits"), [("madang-headroom", True), (None, False)])
def test_nobody_waits_for_what_only_keeps_room(priority: str | None, waits: bool) -> None:
    item = deployment()
    item["spec"]["template"] = {"spec": {"priorityClassName": priority} if priority else {}}
    assert may_wait(item) is waits


def test_what_is_waited_for_reads_as_a_count() -> None:
    assert str(read_workload("Deployment", deployment(updatedReplicas=2, readyReplicas=1))) == "portal 1/2"


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "CrashLoopBackOff", "CreateContainerConfigError"])
def test_a_pod_that_cannot_start_is_stuck(reason: str) -> None:
    assert read_pod(pod(waiting(reason))).is_stuck


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_pod_that_starts_is_not_stuck(reason: str) -> None:
    assert not read_pod(pod(waiting(reason))).is_stuck


def test_the_reason_of_an_init_container_stands_before_the_waiting_of_the_others() -> None:
    read = read_pod(pod(waiting("PodInitializing"), init=[waiting("CrashLoopBackOff", "back-off 20s")]))
    assert (read.waiting, read.message, read.restarts) == ("CrashLoopBackOff", "back-off 20s", 3)


def test_a_pod_without_a_node_says_what_the_scheduler_said() -> None:
    item = pod()
    item["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "message": "0/4 nodes fit"}]
    assert read_pod(item).message == "0/4 nodes fit"

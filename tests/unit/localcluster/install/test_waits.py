"""Why a pod of the platform waits, in words that name the pod, the node and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localcluster.install.cause import sentences
from localcluster.install.waits import SLOW, causes
from localcluster.install.workload import Workload

NOW = datetime(2026, 3, 5, 9, 10, 11, tzinfo=UTC)
STAYS, SPOT = {"karpenter.sh/capacity-type": "on-demand"}, {"karpenter.sh/capacity-type": "spot"}
GIT = Workload("StatefulSet", "madang", "git", {"app": "git"}, wanted=1, updated=1, ready=0, seen=True)
SAID = "0/2 nodes are available: {}. preemption: 0/2 nodes are available: 2 Preemption is not helpful."


def node(
    name: str, labels: Mapping[str, str], *taints: str, ready: bool = True, **spec: Any
) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": {**labels, "kubernetes.io/hostname": name}},
        "spec": {"taints": [{"key": key, "effect": "NoSchedule"} for key in taints], **spec},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


NODES = [node("ondemand-1", STAYS), node("spot-1", SPOT)]


def pod(name: str = "git-0", **status: Any) -> dict[str, Any]:
    """A pod of `git` on ondemand-1 that is not ready."""
    return {
        "metadata": {"name": name, "namespace": "madang", "labels": {"app": "git", "pod": name}},
        "spec": {"nodeSelector": STAYS, "nodeName": "ondemand-1"},
        "status": {
            "phase": "Pending",
            "startTime": _zulu(NOW),
            **status,
            "conditions": [{"type": "Ready", "status": "False"}, *status.get("conditions", ())],
        },
    }


def homeless(said: str = "1 node(s) were unschedulable", name: str = "git-0") -> dict[str, Any]:
    """A pod that the scheduler has put nowhere."""
    item = pod(name, conditions=[{"type": "PodScheduled", "status": "False", "message": SAID.format(said)}])
    del item["spec"]["nodeName"]
    return item


def container(name: str = "git", **state: dict[str, Any]) -> dict[str, Any]:
    last = {"terminated": state.pop("last")} if "last" in state else {}
    return {
        "name": name,
        "image": "docker.io/madang/platform@sha256:0123",
        "ready": False,
        "restartCount": 3 if last else 0,
        "state": state,
        "lastState": last,
    }


def told(
    *pods: dict[str, Any], nodes: list[dict[str, Any]] = NODES, warnings: tuple[dict[str, Any], ...] = ()
) -> list[str]:
    return sentences(causes([GIT], pods, nodes, warnings, NOW))


def _zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_cordoned_node_is_named_with_the_way_to_open_it() -> None:
    nodes = [node("ondemand-1", STAYS, "node.kubernetes.io/unschedulable", unschedulable=True), NODES[1]]
    assert told(homeless(), nodes=nodes) == [
        "git-0: no node, as ondemand-1 is cordoned. Next: bin/kubectl uncordon ondemand-1"
    ]


def test_a_cordoned_node_is_no_matter_to_a_pod_that_could_not_go_there() -> None:
    nodes = [NODES[0], node("spot-1", SPOT, unschedulable=True)]
    (line,) = told(homeless("1 Insufficient memory, 1 node(s) were unschedulable"), nodes=nodes)
    assert line.startswith("git-0: no node, as ondemand-1 has no room for it (Insufficient memory). Next: ")
    assert "bin/kubectl describe node ondemand-1" in line
    assert "MADANG_NODE_MEMORY_MIB" in line


def test_all_that_wait_for_the_same_are_one_line() -> None:
    pods = [homeless(name=f"git-{i}") for i in range(5)]
    nodes = [node("ondemand-1", STAYS, unschedulable=True)]
    (line,) = told(*pods, nodes=nodes)
    assert line.startswith("git-0, git-1, git-2 and 2 more: no node, as ondemand-1 is cordoned.")


def test_what_keeps_each_node_closed_is_told_and_what_is_cordoned_first() -> None:
    nodes = [
        node("ondemand-1", STAYS, "node.kubernetes.io/not-ready"),
        node("ondemand-2", STAYS, unschedulable=True),
        node("ondemand-3", STAYS, "school.example/exams"),
    ]
    (line,) = told(homeless(), nodes=nodes)
    assert line == (
        "git-0: no node, as ondemand-2 is cordoned, ondemand-1 is not Ready, "
        "ondemand-3 has the taint school.example/exams. Next: bin/kubectl uncordon ondemand-2"
    )


def test_a_taint_that_the_pod_tolerates_is_no_matter() -> None:
    item = homeless("1 Too many pods")
    item["spec"]["tolerations"] = [{"operator": "Exists"}]
    (line,) = told(item, nodes=[node("ondemand-1", STAYS, "school.example/exams", unschedulable=True)])
    assert "ondemand-1 has no room for it (Too many pods)" in line


def test_a_pod_that_asks_for_a_node_by_name_or_label_hears_of_that_one() -> None:
    item = homeless()
    del item["spec"]["nodeSelector"]
    by_name = {"key": "metadata.name", "operator": "In", "values": ["spot-2"]}
    by_label = {"key": "karpenter.sh/capacity-type", "operator": "NotIn", "values": ["on-demand"]}
    term = {"matchFields": [by_name], "matchExpressions": [by_label]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    item["spec"]["affinity"] = {"nodeAffinity": required}
    nodes = [node(name, SPOT, unschedulable=True) for name in ("spot-1", "spot-2")]
    assert "no node, as spot-2 is cordoned." in told(item, nodes=nodes)[0]
    assert "no node has the labels that it asks for" in told(item, nodes=nodes[:1])[0]


def test_where_the_nodes_show_nothing_the_scheduler_has_its_say() -> None:
    assert told(homeless("1 node(s) didn't have free ports for the requested pod ports")) == [
        "git-0: no node takes it: 1 node(s) didn't have free ports for the requested pod ports. "
        "Next: bin/kubectl describe nodes"
    ]


def test_a_volume_that_is_not_bound_is_told_before_any_node() -> None:
    (line,) = told(homeless("pod has unbound immediate PersistentVolumeClaims"))
    assert line.startswith("git-0: its volume is not bound: pod has unbound immediate")
    assert line.endswith("Next: bin/kubectl -n madang describe pvc")


def test_a_scheduler_that_says_nothing_is_told() -> None:
    item = homeless()
    item["status"]["conditions"] = []
    assert told(item) == [
        'git-0: the scheduler has not looked at it. Next: make logs ARGS="control kube-scheduler"'
    ]


@pytest.mark.parametrize("nodes", [[], [node("ondemand-1", STAYS, ready=False)]], ids=["gone", "not ready"])
def test_a_pod_whose_node_is_lost_names_it(nodes: list[dict[str, Any]]) -> None:
    assert told(pod(), nodes=nodes) == [
        'git-0: its node ondemand-1 is not Ready. Next: make logs ARGS="ondemand-1 kubelet"'
    ]


def test_an_image_that_cannot_be_pulled_reads_the_same_at_each_try() -> None:
    first = {"reason": "ErrImagePull", "message": 'failed to pull and unpack image "x": x: not found'}
    later = {
        "reason": "ImagePullBackOff",
        "message": 'Back-off pulling image "x": ErrImagePull: x: not found',
    }
    lines = [told(pod(containerStatuses=[container(waiting=each)])) for each in (first, later)]
    assert lines[0] == lines[1]
    assert lines[0] == [
        "git-0: the image docker.io/madang/platform cannot be pulled: not found. "
        "Next: bin/kubectl -n madang describe pod git-0"
    ]


def test_a_container_that_ends_again_and_again_says_how_and_where_its_words_are() -> None:
    crash = container(waiting={"reason": "CrashLoopBackOff"}, last={"exitCode": 1, "reason": "Error"})
    assert told(pod(containerStatuses=[crash])) == [
        "git-0: its container git ends again and again: exit code 1, 3 restarts. "
        "Next: bin/kubectl -n madang logs git-0 -c git --previous"
    ]
    memory = {"exitCode": 137, "reason": "OOMKilled"}
    (line,) = told(pod(containerStatuses=[container(waiting={"reason": "CrashLoopBackOff"}, last=memory)]))
    assert "ends again and again: killed at its memory limit, 3 restarts." in line
    once = container(terminated={"exitCode": 1})
    assert told(pod(containerStatuses=[once])) == []


def test_an_init_container_that_fails_is_told_before_those_that_wait_for_it() -> None:
    schema = container("schema", waiting={"reason": "CrashLoopBackOff"}, last={"exitCode": 1})
    waits = container(waiting={"reason": "PodInitializing"})
    (line,) = told(pod(initContainerStatuses=[schema], containerStatuses=[waits]))
    assert "its container schema ends again and again: exit code 1" in line


def test_a_setting_that_is_missing_is_told_as_the_kubelet_says_it() -> None:
    wants = container(waiting={"reason": "CreateContainerConfigError", "message": 'secret "x" not found'})
    (line,) = told(pod(containerStatuses=[wants]))
    assert line.startswith('git-0: its container git cannot be made: secret "x" not found. Next: ')


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_a_pod_that_starts_is_told_once_it_is_slow_with_its_newest_warning(state: str) -> None:
    long_ago = _zulu(NOW - SLOW)
    states = {"waiting": {"reason": "ContainerCreating"}, "running": {"startedAt": long_ago}}
    fresh = {"waiting": {"reason": "ContainerCreating"}, "running": {"startedAt": _zulu(NOW)}}
    warnings = tuple(
        {
            "metadata": {},
            "involvedObject": {"kind": "Pod", "name": name},
            "message": message,
            "lastTimestamp": _zulu(NOW - timedelta(seconds=age)),
        }
        for name, message, age in (("git-0", "older", 9), ("git-0", "the\n newest", 5), ("x", "another's", 1))
    )
    slow = pod(startTime=long_ago, containerStatuses=[container(**{state: states[state]})])
    (line,) = told(slow, warnings=warnings)
    assert ": the newest. Next: bin/kubectl -n madang " in line
    assert told(pod(containerStatuses=[container(**{state: fresh[state]})]), warnings=warnings) == []


def test_after_a_restart_of_the_cluster_a_pod_has_its_time_anew() -> None:
    """The API server goes on to say what was true when all was stopped."""
    hour = _zulu(NOW - timedelta(hours=1))
    back = node("ondemand-1", STAYS)
    back["status"]["conditions"][0]["lastTransitionTime"] = _zulu(NOW)
    stale = pod(startTime=hour, containerStatuses=[container(running={"startedAt": hour})])
    assert told(stale, nodes=[back]) == []
    assert len(told(stale)) == 1


def test_what_is_ready_done_leaving_or_anothers_is_not_told() -> None:
    ready = pod(conditions=[{"type": "Ready", "status": "True"}])
    ready["status"]["conditions"] = ready["status"]["conditions"][1:]
    leaving, others = homeless(), homeless()
    leaving["metadata"]["deletionTimestamp"] = _zulu(NOW)
    others["metadata"]["labels"] = {"app": "git-mirror"}
    assert told(ready, pod(phase="Failed"), leaving) == []
    assert "no pod is made" in told(others)[0]


def test_a_workload_without_a_pod_says_why_it_makes_none() -> None:
    warning = {
        "metadata": {},
        "involvedObject": {"kind": "StatefulSet", "name": "git"},
        "message": "create Pod git-0 failed: violates PodSecurity",
        "lastTimestamp": _zulu(NOW),
    }
    assert told(warnings=(warning,)) == [
        "git: no pod is made: create Pod git-0 failed: violates PodSecurity. "
        "Next: bin/kubectl -n madang describe statefulset git"
    ]

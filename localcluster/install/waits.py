"""What each pod of the platform waits for, from what the API says of pods, nodes and events. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from localcluster.api import node_is_ready
from localcluster.install.cause import Cause
from localcluster.install.placement import why_no_node
from localcluster.install.trouble import time_of
from localcluster.install.workload import Workload

Json = Mapping[str, Any]

SLOW = timedelta(seconds=60)
"""A step that takes longer is told; Python starts slowly on a machine that also builds."""
_NO_IMAGE = frozenset({"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName"})
_NOT_MADE = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_EVENT_CHARACTERS = 200


def causes(
    workloads: Iterable[Workload],
    pods: Sequence[Json],
    nodes: Iterable[Json],
    warnings: Sequence[Json],
    now: datetime,
) -> dict[str, Cause]:
    """By the name of the pod, or of the workload that has none. What simply starts has no cause.

    `pods` and `warnings` (events of that type) are of the workloads' namespaces; others' are left alone.
    """
    by_name = {node["metadata"]["name"]: node for node in nodes}
    found: dict[str, Cause | None] = {}
    for workload in workloads:
        own = [pod for pod in pods if workload.owns(pod)]
        if not own:
            found[workload.name] = _of_workload(workload, warnings)
        for pod in own:
            found[pod["metadata"]["name"]] = _of_pod(pod, by_name, warnings, now)
    return {name: cause for name, cause in found.items() if cause}


def _of_workload(workload: Workload, warnings: Iterable[Json]) -> Cause:
    said = workload.failure or _said_of(warnings, kind=workload.kind, name=workload.name)
    step = f"bin/kubectl -n {workload.namespace} describe {workload.kind.lower()} {workload.name}"
    return Cause("no pod is made", said, step)


def _of_pod(pod: Json, nodes: Mapping[str, Json], warnings: Sequence[Json], now: datetime) -> Cause | None:
    status, leaves = pod.get("status", {}), "deletionTimestamp" in pod["metadata"]
    conditions = {each["type"]: each for each in status.get("conditions", ())}
    if status.get("phase") in ("Succeeded", "Failed") or conditions.get("Ready", {}).get("status") == "True":
        return None
    node = pod["spec"].get("nodeName")
    if node and not (node in nodes and node_is_ready(nodes[node])):
        return Cause(f"its node {node} is not Ready", next=f'make logs ARGS="{node} kubelet"')
    if leaves:
        return None
    if node is None:
        return _unplaced(pod, nodes, conditions.get("PodScheduled"))
    unready = [
        each
        for kind in ("initContainerStatuses", "containerStatuses")
        for each in status.get(kind, ())
        if not each.get("ready")
    ]
    stuck = next((cause for each in unready if (cause := _of_container(pod, each))), None)
    return stuck or _if_slow(pod, nodes[node], unready, warnings, now)


def _unplaced(pod: Json, nodes: Mapping[str, Json], placed: Json | None) -> Cause:
    if placed is None:
        return Cause("the scheduler has not looked at it", next='make logs ARGS="control kube-scheduler"')
    return why_no_node(pod, nodes.values(), placed.get("message", ""))


def _of_container(pod: Json, container: Json) -> Cause | None:
    """Why it cannot run. None: nothing says that it cannot; one that has ended once is started again."""
    name, waiting = container["name"], container.get("state", {}).get("waiting", {})
    reason, message = waiting.get("reason"), waiting.get("message", "")
    if reason in _NO_IMAGE:
        # How it was tried differs from try to try; the end of the message is what came of it.
        image, why = container["image"].partition("@")[0], message.rpartition(": ")[2]
        return Cause(f"the image {image} cannot be pulled", why, _describe(pod))
    if reason in _NOT_MADE:
        return Cause(f"its container {name} cannot be made", message, _describe(pod))
    if reason != "CrashLoopBackOff":
        return None
    ended = container.get("lastState", {}).get("terminated", {})
    killed = ended.get("reason") == "OOMKilled"
    how = "killed at its memory limit" if killed else f"exit code {ended.get('exitCode', 'unknown')}"
    restarts = f"{how}, {container['restartCount']} restarts"
    return Cause(f"its container {name} ends again and again", restarts, f"{_logs(pod, name)} --previous")


def _if_slow(
    pod: Json, node: Json, unready: Sequence[Json], warnings: Sequence[Json], now: datetime
) -> Cause | None:
    first = unready[0] if unready else {}
    running = first.get("state", {}).get("running")
    # A container seems to run since long ago until the kubelet of a node that has just come back looks at it.
    conditions = [each for item in (pod, node) for each in item["status"].get("conditions", ())]
    times = [each.get("lastTransitionTime") for each in conditions]
    times += [pod["status"].get("startTime"), running and running["startedAt"]]
    latest = max((datetime.fromisoformat(time) for time in times if time), default=now)
    if now - latest < SLOW:
        return None
    said = _said_of(warnings, kind="Pod", name=pod["metadata"]["name"])
    if running:
        return Cause(f"its container {first['name']} is not ready yet", said, _logs(pod, first["name"]))
    return Cause("it is not started yet", said, _describe(pod))


def _said_of(warnings: Iterable[Json], *, kind: str, name: str) -> str:
    """The newest warning, in one line."""
    own = [
        event
        for event in warnings
        if (event["involvedObject"].get("kind"), event["involvedObject"].get("name")) == (kind, name)
    ]
    newest = max(own, key=time_of, default=None)
    return " ".join(newest.get("message", "").split())[:_EVENT_CHARACTERS] if newest else ""


def _describe(pod: Json) -> str:
    metadata = pod["metadata"]
    return f"bin/kubectl -n {metadata['namespace']} describe pod {metadata['name']}"


def _logs(pod: Json, container: str) -> str:
    metadata = pod["metadata"]
    return f"bin/kubectl -n {metadata['namespace']} logs {metadata['name']} -c {container}"

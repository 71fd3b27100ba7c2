"""What the API says of a workload or a pod, reduced to what a person who waits wants to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEADROOM_CLASS = "madang-headroom"
# Waiting reasons that no further waiting is likely to mend.
STUCK = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)


@dataclass(frozen=True)
class Workload:
    """Whatever makes pods. `seen` is whether its controller has looked at its newest version.

    `failure` is why it can make none, where it says so itself.
    """

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    wanted: int
    updated: int
    ready: int
    seen: bool
    failure: str = ""

    @property
    def is_ready(self) -> bool:
        return self.seen and self.updated >= self.wanted and self.ready >= self.wanted

    def owns(self, pod: Mapping[str, Any]) -> bool:
        """Whether its selector chooses the pod."""
        metadata = pod["metadata"]
        ours: bool = metadata["namespace"] == self.namespace
        return ours and self.labels.items() <= metadata.get("labels", {}).items()

    def __str__(self) -> str:
        return f"{self.name} {min(self.ready, self.updated)}/{self.wanted}"


@dataclass(frozen=True)
class Pod:
    """`waiting` is the first container's reason and message that keeps it from being ready."""

    namespace: str
    name: str
    ready: bool
    waiting: str
    message: str
    restarts: int
    unready_containers: tuple[str, ...]

    @property
    def is_stuck(self) -> bool:
        return not self.ready and self.waiting in STUCK


def may_wait(item: Mapping[str, Any]) -> bool:
    """Whether the workload only keeps room: its pods are the first to go where room is short."""
    name = item["spec"]["template"]["spec"].get("priorityClassName", "")
    return bool(name == HEADROOM_CLASS)


def read_workload(kind: str, item: Mapping[str, Any]) -> Workload:
    spec, status, metadata = item["spec"], item.get("status", {}), item["metadata"]
    if kind == "DaemonSet":
        wanted, updated, ready = "desiredNumberScheduled", "updatedNumberScheduled", "numberReady"
    else:
        wanted, updated, ready = "replicas", "updatedReplicas", "readyReplicas"
    return Workload(
        kind=kind,
        namespace=metadata["namespace"],
        name=metadata["name"],
        labels=spec["selector"]["matchLabels"],
        wanted=status.get(wanted, 0) if kind == "DaemonSet" else spec.get(wanted, 1),
        updated=status.get(updated, 0),
        ready=status.get(ready, 0),
        seen=status.get("observedGeneration", 0) >= metadata["generation"],
        failure=next(
            (
                each.get("message", "")
                for each in status.get("conditions", ())
                if each["type"] == "ReplicaFailure" and each["status"] == "True"
            ),
            "",
        ),
    )


def read_pod(item: Mapping[str, Any]) -> Pod:
    status = item.get("status", {})
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    unready = [c for c in containers if not c.get("ready")]
    waits = [c["state"]["waiting"] for c in unready if "waiting" in c.get("state", {})]
    # A pod that was never bound to a node has no containers yet; its condition says why.
    conditions = [c for c in status.get("conditions", []) if c["status"] == "False" and c.get("message")]
    first = next((w for w in waits if w.get("reason") in STUCK), waits[0] if waits else {})
    return Pod(
        namespace=item["metadata"]["namespace"],
        name=item["metadata"]["name"],
        ready=any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", [])),
        waiting=first.get("reason", status.get("phase", "")),
        message=first.get("message", conditions[0]["message"] if conditions and not containers else ""),
        restarts=max((c.get("restartCount", 0) for c in containers), default=0),
        unready_containers=tuple(c["name"] for c in unready),
    )

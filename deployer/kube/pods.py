"""What a pod's status says, in words that decisions are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from deployer.kube.objects import JsonMap, at

# The spot handler's, on a pod that it moves off its node.
HANDOFF = "madang.dev/handoff"


@dataclass(frozen=True)
class Ended:
    """How a container's run ended."""

    exit_code: int
    reason: str
    message: str


@dataclass(frozen=True)
class Container:
    """One container. `waiting` is the kubelet's reason for not running it ("ImagePullBackOff"), or empty."""

    name: str
    running: bool
    ready: bool
    waiting: str
    waiting_message: str
    ended: Ended | None
    last_ended: Ended | None
    restarts: int


@dataclass(frozen=True)
class Pod:
    """A pod's status. `unschedulable` is the scheduler's sentence while no node has room, or empty."""

    name: str
    uid: str
    created: datetime
    phase: str
    reason: str
    message: str
    node: str | None
    going: bool
    ready: bool
    disrupted: str
    unschedulable: str
    containers: tuple[Container, ...]

    def container(self, name: str) -> Container | None:
        return next((container for container in self.containers if container.name == name), None)


def read_pod(raw: JsonMap) -> Pod:
    status = raw.get("status", {})
    conditions = {condition["type"]: condition for condition in status.get("conditions", ())}
    scheduled = conditions.get("PodScheduled", {})
    disruption = conditions.get("DisruptionTarget", {})
    containers = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    return Pod(
        name=raw["metadata"]["name"],
        uid=raw["metadata"]["uid"],
        created=moment(raw["metadata"]["creationTimestamp"]),
        phase=status.get("phase", "Pending"),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        node=at(raw, "spec", "nodeName"),
        going="deletionTimestamp" in raw["metadata"],
        ready=conditions.get("Ready", {}).get("status") == "True",
        disrupted=(disruption.get("reason") or "disrupted") if disruption.get("status") == "True" else "",
        unschedulable=scheduled.get("message", "no node has room")
        if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable"
        else "",
        containers=tuple(_container(one) for one in containers),
    )


def read_pods(raws: Sequence[JsonMap]) -> list[Pod]:
    """Oldest first."""
    return sorted((read_pod(raw) for raw in raws), key=lambda pod: (pod.created, pod.name))


def is_detached(raw: JsonMap) -> bool:
    """Let go by its ReplicaSet for a handoff: it serves on until its replacement does."""
    labels = at(raw, "metadata", "labels", default={})
    return HANDOFF in labels and "pod-template-hash" not in labels


def moment(stamp: str | None) -> datetime:
    """A time of the API's; the epoch for none."""
    return datetime.fromisoformat(stamp) if stamp else datetime.fromtimestamp(0, UTC)


def _container(raw: JsonMap) -> Container:
    return Container(
        name=raw["name"],
        running="running" in raw.get("state", {}),
        ready=bool(raw.get("ready")),
        waiting=at(raw, "state", "waiting", "reason", default=""),
        waiting_message=at(raw, "state", "waiting", "message", default=""),
        ended=_ended(at(raw, "state", "terminated")),
        last_ended=_ended(at(raw, "lastState", "terminated")),
        restarts=int(raw.get("restartCount", 0)),
    )


def _ended(raw: Any) -> Ended | None:
    if raw is None:
        return None
    return Ended(int(raw.get("exitCode", 0)), raw.get("reason", ""), raw.get("message", ""))

"""A machine of the cluster: what its Node says of its kind, its room, and its end. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from deployer.kube import JsonMap, at
from deployer.kube.objects import condition
from deployer.kube.pods import moment
from deployer.kube.quantity import cpu_millicores, memory_bytes

INTERRUPTION = "madang.dev/interruption"
_CAPACITY = "karpenter.sh/capacity-type"
_UNHEARD = "madang.dev/unheard"
_EKS_CAPACITY = {"SPOT": "spot", "ON_DEMAND": "on-demand"}
_POOLS = ("karpenter.sh/nodepool", "eks.amazonaws.com/nodegroup", "node.kubernetes.io/instance-type")


@dataclass(frozen=True)
class NodeEnd:
    """The interruption that stands on a Node. `moves`: its pods leave now; else it is only avoided."""

    id: str
    kind: str
    noticed_at: datetime | None
    deadline: datetime | None
    moves: bool
    fenced_at: datetime | None
    clear_at: datetime | None
    called_off_at: datetime | None


@dataclass(frozen=True)
class FleetNode:
    """`capacity` is spot, on-demand or empty; `pool` its node pool, else its instance type. `ready_since` is
    when it last became ready, or stopped being so; `unheard`: no agent there hears the notice of its end."""

    name: str
    uid: str
    instance_id: str
    capacity: str
    pool: str
    zone: str
    instance_type: str
    ready: bool
    ready_since: datetime | None
    trouble: str
    unheard: bool
    created: datetime
    cpu_millicores: int
    memory_bytes: int
    end: NodeEnd | None

    @property
    def is_spot(self) -> bool:
        return self.capacity == "spot"


def read_node(raw: JsonMap) -> FleetNode:
    labels = at(raw, "metadata", "labels", default={})
    ready = condition(raw, "Ready")
    changed = ready.get("lastTransitionTime")
    return FleetNode(
        name=raw["metadata"]["name"],
        uid=raw["metadata"]["uid"],
        instance_id=str(at(raw, "spec", "providerID", default="")).rpartition("/")[2],
        capacity=labels.get(_CAPACITY)
        or _EKS_CAPACITY.get(labels.get("eks.amazonaws.com/capacityType", ""), ""),
        pool=next((labels[name] for name in _POOLS if labels.get(name)), ""),
        zone=labels.get("topology.kubernetes.io/zone", ""),
        instance_type=labels.get("node.kubernetes.io/instance-type", ""),
        ready=ready.get("status") == "True",
        ready_since=moment(changed) if changed else None,
        trouble="" if ready.get("status") == "True" else str(ready.get("message") or "")[:300],
        unheard=any(each.get("key") == _UNHEARD for each in at(raw, "spec", "taints", default=[])),
        created=moment(raw["metadata"].get("creationTimestamp")),
        cpu_millicores=cpu_millicores(at(raw, "status", "allocatable", "cpu", default="0")),
        memory_bytes=memory_bytes(at(raw, "status", "allocatable", "memory", default="0")),
        end=_end(at(raw, "metadata", "annotations", INTERRUPTION)),
    )


def _end(text: str | None) -> NodeEnd | None:
    """What cannot be read is no interruption: the handler writes it anew."""
    try:
        said = json.loads(text or "null")
        if not isinstance(said, dict):
            return None
        return NodeEnd(
            id=str(said["id"]),
            kind=str(said["kind"]),
            noticed_at=_moment(said.get("noticed_at")),
            deadline=_moment(said.get("deadline")),
            moves=said.get("moves") is True,
            fenced_at=_moment(said.get("fenced_at")),
            clear_at=_moment(said.get("clear_at")),
            called_off_at=_moment(said.get("called_off_at")),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _moment(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp else None

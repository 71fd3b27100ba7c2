"""A pod in the fleet: where it stands, how it is, and how far its handoff is. Pure.

Of a pod's spec nothing is kept but its node and what it asks for: no page shows an environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deployer.kube import JsonMap, at
from deployer.kube.pods import Pod, is_detached, read_pod
from deployer.kube.quantity import cpu_millicores, memory_bytes
from deployer.rollout.names import CLUB, PROJECT, RELEASE

_DETACHED_AT = "madang.dev/handoff-detached-at"
_UNSERVED_AT = "madang.dev/handoff-unserved-at"
_FAILING = frozenset({"CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError"})


@dataclass(frozen=True)
class FleetPod:
    """`state` is waiting, starting, ready, failing, ending or done; `step` of its handoff: detached, unserved
    or empty. `club`, `project` and `release` are empty for what is no project's, `component` is the
    platform's own word.
    """

    uid: str
    namespace: str
    name: str
    node: str
    state: str
    step: str
    detached_at: datetime | None
    club: str
    project: str
    release: str
    component: str
    daemon: bool
    headroom: bool
    created: datetime
    cpu_millicores: int
    memory_bytes: int

    @property
    def ready(self) -> bool:
        return self.state == "ready"


def read_fleet_pod(raw: JsonMap) -> FleetPod:
    pod = read_pod(raw)
    labels = at(raw, "metadata", "labels", default={})
    notes = at(raw, "metadata", "annotations", default={})
    asked = [
        at(each, "resources", "requests", default={}) for each in at(raw, "spec", "containers", default=[])
    ]
    detached = notes.get(_DETACHED_AT) if is_detached(raw) else None
    return FleetPod(
        uid=pod.uid,
        namespace=raw["metadata"].get("namespace", ""),
        name=pod.name,
        node=pod.node or "",
        state=_state(pod),
        step="unserved" if notes.get(_UNSERVED_AT) else "detached" if detached else "",
        detached_at=datetime.fromisoformat(detached) if detached else None,
        club=labels.get(CLUB, ""),
        project=labels.get(PROJECT, ""),
        release=labels.get(RELEASE, ""),
        component=labels.get("app.kubernetes.io/component", ""),
        daemon=any(each.get("kind") == "DaemonSet" for each in raw["metadata"].get("ownerReferences") or []),
        headroom="madang.dev/headroom" in labels,
        created=pod.created,
        cpu_millicores=sum(cpu_millicores(str(each.get("cpu", "0"))) for each in asked),
        memory_bytes=sum(memory_bytes(str(each.get("memory", "0"))) for each in asked),
    )


def _state(pod: Pod) -> str:
    if pod.phase == "Succeeded":
        return "done"
    if pod.going:
        return "ending"
    if pod.ready:
        return "ready"
    if pod.phase == "Failed" or any(each.waiting in _FAILING for each in pod.containers):
        return "failing"
    return "starting" if pod.node else "waiting"

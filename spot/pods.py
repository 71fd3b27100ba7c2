"""What an object's JSON says, a pod's most of all, in the words that the decision uses. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from spot import names
from spot.times import parse

JsonMap = dict[str, Any]
Key = tuple[str, str]

LONGEST_GRACE_SECONDS = 10 * 365 * 86400


def key(item: JsonMap) -> Key:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def uid(item: JsonMap) -> str:
    return str(item["metadata"]["uid"])


def labels(item: JsonMap) -> dict[str, str]:
    return item["metadata"].get("labels") or {}


def notes(item: JsonMap) -> dict[str, str]:
    return item["metadata"].get("annotations") or {}


def node(pod: JsonMap) -> str:
    return str(pod.get("spec", {}).get("nodeName") or "")


def instance_id(node: JsonMap) -> str:
    """The cloud's name of what a Node runs on: the end of its provider id, or ""."""
    return str(node["spec"].get("providerID") or "").rpartition("/")[2]


def runs_on(node: JsonMap, instance: str, *, own_word: bool) -> bool:
    """Whether a Node is of this instance. `own_word`: nobody but the node says so.

    That counts where nothing else does: its kubelet may write what it likes onto its own Node.
    """
    return instance_id(node) == instance if node["spec"].get("providerID") else own_word


def is_detached(pod: JsonMap) -> bool:
    """A handoff has taken its hash: no ReplicaSet counts it, the Services still know it."""
    return names.HANDOFF in labels(pod) and names.HASH not in labels(pod)


def is_going(pod: JsonMap) -> bool:
    """Deleted or evicted, on its way out."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def condition(item: JsonMap, kind: str) -> JsonMap:
    for each in item.get("status", {}).get("conditions") or []:
        if each.get("type") == kind:
            return dict(each)
    return {}


def is_ready(pod: JsonMap) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def runs(pod: JsonMap) -> bool:
    """Whether any of its containers runs, ready or not."""
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return any("running" in (each.get("state") or {}) for each in statuses)


def ready_since(pod: JsonMap) -> datetime | None:
    ready = condition(pod, "Ready")
    return parse(ready.get("lastTransitionTime")) if ready.get("status") == "True" else None


def grace(pod: JsonMap) -> timedelta:
    seconds = pod["spec"].get("terminationGracePeriodSeconds")
    # The API server takes any number, a timedelta does not.
    return timedelta(seconds=30 if seconds is None else min(seconds, LONGEST_GRACE_SECONDS))


def controller(item: JsonMap) -> JsonMap:
    """The ownerReference of what keeps this object's number, or {}."""
    for each in item["metadata"].get("ownerReferences") or []:
        if each.get("controller"):
            return dict(each)
    return {}


def is_mirror(pod: JsonMap) -> bool:
    """A kubelet's own static pod."""
    return "kubernetes.io/config.mirror" in notes(pod)


def selects(selector: dict[str, str] | None, having: dict[str, str]) -> bool:
    """Whether a Service's selector picks these labels; one without selector picks nothing."""
    return bool(selector) and all(having.get(name) == value for name, value in (selector or {}).items())

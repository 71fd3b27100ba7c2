"""How a pod leaves its doomed node: handed off, evicted, waited for (a build), or left alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spot import names
from spot.handoff import pods
from spot.handoff.pods import JsonMap, Key


class Way(StrEnum):
    HANDOFF = "handoff"
    """Its replacement serves first, then it goes."""
    EVICT = "evict"
    """No replacement can run beside it, or nobody asked for one: evicted, its gap told with its reason."""
    BUILD = "build"
    """A Job: it may end in time; else it starts again elsewhere."""
    LEAVE = "leave"
    """It belongs to the node."""


@dataclass(frozen=True)
class Standing:
    """How a pod goes, why, and the Deployment above it (None: none)."""

    way: Way
    reason: str = ""
    deployment: JsonMap | None = None


@dataclass(frozen=True)
class Scope:
    """Whose pods are handed off without being asked: clubs' and the platform's."""

    platform_namespaces: frozenset[str]
    builds_namespace: str


@dataclass(frozen=True)
class Surroundings:
    """What stands around one pod, as far as it decides how that goes."""

    replicasets: dict[Key, JsonMap]
    deployments: dict[Key, JsonMap]
    services: list[JsonMap]
    budgets: list[JsonMap]
    policies: list[JsonMap]
    shared_claims: frozenset[str] = frozenset()
    """PersistentVolumeClaims of the namespace that several nodes may mount at once."""


def way_of(pod: JsonMap, around: Surroundings, scope: Scope) -> Standing:
    owner, having = pods.controller(pod), pods.labels(pod)
    namespace = pods.key(pod)[0]
    if pods.is_mirror(pod) or owner.get("kind") in ("DaemonSet", "Node"):
        return Standing(Way.LEAVE, "it belongs to the node")
    if names.HEADROOM in having or names.IMAGE_AHEAD in having:
        return Standing(Way.LEAVE, "it holds a place, nothing more")
    if owner.get("kind") == "Job":
        return Standing(Way.BUILD, "build" if namespace == scope.builds_namespace else "job")
    deployment = _deployment(pod, owner, around)
    if deployment is None:
        return Standing(Way.EVICT, _without_deployment(owner))
    if not _wanted(deployment, scope):
        return Standing(Way.EVICT, "not-opted-in", deployment)
    if names.HANDOFF in having and names.HASH not in having:
        return Standing(Way.HANDOFF, "", deployment)
    if reason := _not_beside_itself(pod, deployment, around):
        return Standing(Way.EVICT, reason, deployment)
    return Standing(Way.HANDOFF, "", deployment)


def _deployment(pod: JsonMap, owner: JsonMap, around: Surroundings) -> JsonMap | None:
    """The Deployment above a pod, attached (through its ReplicaSet) or detached (it owns the pod itself)."""
    namespace = pods.key(pod)[0]
    if owner.get("kind") == "ReplicaSet":
        replicaset = around.replicasets.get((namespace, owner["name"]))
        above = pods.controller(replicaset) if replicaset else {}
        return around.deployments.get((namespace, above.get("name", ""))) if above else None
    if names.HANDOFF in pods.labels(pod):
        for each in pod["metadata"].get("ownerReferences") or []:
            if each.get("kind") == "Deployment":
                found = around.deployments.get((namespace, each["name"]))
                return found if found and pods.uid(found) == each.get("uid") else None
    return None


def _without_deployment(owner: JsonMap) -> str:
    kind = str(owner.get("kind") or "")
    return {"StatefulSet": "statefulset", "": "unmanaged"}.get(kind, "no-deployment")


def _wanted(deployment: JsonMap, scope: Scope) -> bool:
    namespace, (label, value) = pods.key(deployment)[0], names.OPT_IN
    having = pods.labels(deployment).get(label)
    if having is not None:
        return having == value
    return namespace.startswith(names.CLUB_NAMESPACE) or namespace in scope.platform_namespaces


def _not_beside_itself(pod: JsonMap, deployment: JsonMap, around: Surroundings) -> str:
    """Why a second one may not run beside this pod, or ""."""
    strategy, having = deployment["spec"].get("strategy") or {}, pods.labels(pod)
    if strategy.get("type") == "Recreate":
        return "recreate"
    if (strategy.get("rollingUpdate") or {}).get("maxSurge") in (0, "0", "0%"):
        return "max-surge-0"
    for volume in pod["spec"].get("volumes") or []:
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim and claim not in around.shared_claims:
            return "volume"
    if any(port.get("hostPort") for each in pod["spec"]["containers"] for port in each.get("ports") or []):
        return "host-port"
    return "" if names.HASH in having and not _selected_by_hash(having, around) else "selected-by-hash"


def _selected_by_hash(having: dict[str, str], around: Surroundings) -> bool:
    """Whether detaching, which takes the hash away, would take the pod out of what selects it."""
    plain = (each["spec"].get("selector") or {} for each in around.services)
    if any(names.HASH in selector and pods.selects(selector, having) for selector in plain):
        return True
    full = (
        *(each["spec"].get("selector") or {} for each in around.budgets),
        *(each["spec"].get("podSelector") or {} for each in around.policies),
    )
    return any(
        _names_hash(selector) and (selector.get("matchLabels") or {}).items() <= having.items()
        for selector in full
    )


def _names_hash(selector: JsonMap) -> bool:
    return names.HASH in (selector.get("matchLabels") or {}) or any(
        each.get("key") == names.HASH for each in selector.get("matchExpressions") or []
    )

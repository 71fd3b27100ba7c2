"""How a pod leaves its doomed node: handed off, evicted, waited for (a build), or left alone. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from spot import names, pods
from spot.pods import JsonMap, Key


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
    """What stands around the pods of a namespace, as far as it decides how they go."""

    replicasets: dict[Key, JsonMap]
    deployments: dict[Key, JsonMap]
    services: list[JsonMap]
    budgets: list[JsonMap]
    policies: list[JsonMap]
    shared_claims: frozenset[str] = frozenset()
    """PersistentVolumeClaims of the namespace that several nodes may mount at once."""

    def services_of(self, having: dict[str, str]) -> list[JsonMap]:
        """The Services that select a pod with these labels."""
        near = (each for label in having.items() for each in self._services_by_label.get(label, ()))
        return [each for each in near if pods.selects(each["spec"]["selector"], having)]

    def deployment_above(self, pod: JsonMap) -> JsonMap:
        """The ownerReference to a pod's Deployment: through its ReplicaSet or, detached, its own; or {}."""
        for owner in pod["metadata"].get("ownerReferences") or []:
            if owner.get("kind") == "Deployment":
                return dict(owner)
            if owner.get("kind") == "ReplicaSet" and owner.get("controller"):
                replicaset = self.replicasets.get((pods.key(pod)[0], owner["name"]))
                return pods.controller(replicaset) if replicaset else {}
        return {}

    def failures_of(self, deployment: str) -> list[JsonMap]:
        """What the ReplicaSets of a Deployment (its uid) say of pods that they could not make."""
        return self._failures.get(deployment, [])

    @cached_property
    def by_hash(self) -> list[JsonMap]:
        """The selectors of Services, as plain labels, that name a hash."""
        plain = (each["spec"].get("selector") or {} for each in self.services)
        return [selector for selector in plain if names.HASH in selector]

    @cached_property
    def policy_labels(self) -> frozenset[str]:
        """Every label that a NetworkPolicy names anywhere."""
        return frozenset(_label_names([each["spec"] for each in self.policies]))

    @cached_property
    def _services_by_label(self) -> dict[tuple[str, str], list[JsonMap]]:
        # By one label of its selector each: a pod that it selects has that one too.
        found: dict[tuple[str, str], list[JsonMap]] = defaultdict(list)
        for each in self.services:
            if selector := each["spec"].get("selector"):
                found[max(selector.items())].append(each)
        return found

    @cached_property
    def _failures(self) -> dict[str, list[JsonMap]]:
        found: dict[str, list[JsonMap]] = defaultdict(list)
        for each in self.replicasets.values():
            failure = pods.condition(each, "ReplicaFailure")
            if failure.get("status") == "True":
                found[str(pods.controller(each).get("uid"))].append(failure)
        return found


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
    if pods.is_detached(pod):
        return Standing(Way.HANDOFF, "", deployment)
    if not _wanted(deployment, scope):
        return Standing(Way.EVICT, "not-opted-in", deployment)
    if reason := _not_beside_itself(pod, deployment, around):
        return Standing(Way.EVICT, reason, deployment)
    return Standing(Way.HANDOFF, "", deployment)


def _deployment(pod: JsonMap, owner: JsonMap, around: Surroundings) -> JsonMap | None:
    """The Deployment above a pod, attached (through its ReplicaSet) or detached (it owns the pod itself)."""
    attached = owner.get("kind") == "ReplicaSet"
    if not attached and names.HANDOFF not in pods.labels(pod):
        return None
    above = around.deployment_above(pod)
    found = around.deployments.get((pods.key(pod)[0], above.get("name", "")))
    return found if found and (attached or pods.uid(found) == above.get("uid")) else None


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
    if any(pods.selects(selector, having) for selector in around.by_hash):
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


def _label_names(value: Any) -> Iterator[str]:
    """Every label that a part of a policy's spec names; the names themselves may be any words."""
    if isinstance(value, list):
        for each in value:
            yield from _label_names(each)
    elif isinstance(value, dict):
        yield from value.get("matchLabels") or ()
        yield from (str(each.get("key")) for each in value.get("matchExpressions") or ())
        for name in value.keys() - {"matchLabels", "matchExpressions"}:
            yield from _label_names(value[name])

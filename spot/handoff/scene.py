"""What stands on a doomed node, and what each pod there waits for, read from the cache. No I/O, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from spot import names
from spot.handoff import pods
from spot.handoff.group import Group, Timing, group_of
from spot.handoff.pods import JsonMap, Key
from spot.handoff.way import Scope, Surroundings, Way, way_of
from spot.kube.cache import Cache
from spot.times import parse


@dataclass(frozen=True)
class Doomed:
    """One pod on a doomed node. `unserve` are the labels to take away so that no Service selects it."""

    key: Key
    uid: str
    version: str
    node: str
    way: Way
    reason: str
    owner: str
    ready: bool
    going: bool
    started: bool
    grace: timedelta
    detached: bool
    unserved_at: datetime | None
    listed: bool
    unserve: tuple[str, ...]
    raw: JsonMap = field(repr=False, compare=False)
    marked_until: datetime | None = None
    group: Group | None = None

    @property
    def served(self) -> bool:
        """Whether visitors may come to it through a Service."""
        return bool(self.unserve) or self.listed


class Namespaces:
    """What surrounds the pods of each namespace, gathered once a look."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._found: dict[str, Surroundings] = {}
        self._listed: dict[str, dict[str, set[str]]] = {}
        self._owned: dict[str, dict[str, list[JsonMap]]] = {}

    def around(self, namespace: str) -> Surroundings:
        if namespace not in self._found:
            self._found[namespace] = Surroundings(
                replicasets={pods.key(each): each for each in self._cache.all("ReplicaSet", namespace)},
                deployments={pods.key(each): each for each in self._cache.all("Deployment", namespace)},
                services=self._cache.all("Service", namespace),
                budgets=self._cache.all("PodDisruptionBudget", namespace),
                policies=self._cache.all("NetworkPolicy", namespace),
                shared_claims=_shared(self._cache.all("PersistentVolumeClaim", namespace)),
            )
        return self._found[namespace]

    def serving(self, namespace: str) -> dict[str, set[str]]:
        """Of each Service, the pods (by uid) that its EndpointSlices list as ready; key "": listed at all."""
        if namespace not in self._listed:
            found: dict[str, set[str]] = defaultdict(set)
            for each in self._cache.all("EndpointSlice", namespace):
                service = pods.labels(each).get("kubernetes.io/service-name", "")
                for endpoint in each.get("endpoints") or []:
                    if not (target := (endpoint.get("targetRef") or {}).get("uid")):
                        continue
                    found[""].add(target)
                    # A missing condition means ready (EndpointConditions of discovery.k8s.io/v1).
                    if (endpoint.get("conditions") or {}).get("ready") is not False:
                        found[service].add(target)
            self._listed[namespace] = found
        return self._listed[namespace]

    def pods_of(self, deployment: JsonMap) -> list[JsonMap]:
        """The Deployment's pods, those that a handoff has detached too."""
        namespace = pods.key(deployment)[0]
        if namespace not in self._owned:
            owned: dict[str, list[JsonMap]] = defaultdict(list)
            around = self.around(namespace)
            for pod in self._cache.all("Pod", namespace):
                owned[_deployment_uid(pod, namespace, around)].append(pod)
            self._owned[namespace] = owned
        return self._owned[namespace][pods.uid(deployment)]


def look(
    standing: Iterable[JsonMap],
    namespaces: Namespaces,
    *,
    fenced: Mapping[str, datetime | None],
    scope: Scope,
    timing: Timing,
    now: datetime,
) -> tuple[Doomed, ...]:
    """The pods of one doomed node. `fenced` gives every fenced node and its deadline."""
    groups: dict[Key, Group] = {}
    found = []
    for pod in standing:
        namespace = pods.key(pod)[0]
        around = namespaces.around(namespace)
        stands = way_of(pod, around, scope)
        group = None
        if stands.deployment is not None:
            name = pods.key(stands.deployment)
            if name not in groups:
                groups[name] = group_of(
                    stands.deployment,
                    around,
                    namespaces.pods_of(stands.deployment),
                    namespaces.serving(namespace),
                    fenced=fenced,
                    timing=timing,
                    now=now,
                )
            group = groups[name]
        found.append(_doomed(pod, stands.way, stands.reason, group, around, namespaces.serving(namespace)))
    return tuple(found)


def _deployment_uid(pod: JsonMap, namespace: str, around: Surroundings) -> str:
    for owner in pod["metadata"].get("ownerReferences") or []:
        if owner.get("kind") == "Deployment":
            return str(owner.get("uid"))
        if owner.get("kind") == "ReplicaSet" and owner.get("controller"):
            replicaset = around.replicasets.get((namespace, owner["name"]))
            return str(pods.controller(replicaset).get("uid")) if replicaset else ""
    return ""


def _doomed(
    pod: JsonMap,
    way: Way,
    reason: str,
    group: Group | None,
    around: Surroundings,
    serving: Mapping[str, set[str]],
) -> Doomed:
    having, notes, owner = pods.labels(pod), pods.notes(pod), pods.controller(pod)
    above = f"Deployment/{group.deployment[1]}" if group else f"{owner.get('kind')}/{owner.get('name')}"
    return Doomed(
        key=pods.key(pod),
        uid=pods.uid(pod),
        version=pod["metadata"]["resourceVersion"],
        node=pods.node(pod),
        way=way,
        reason=reason,
        owner=above if group or owner else "",
        ready=pods.is_ready(pod),
        going=pods.is_going(pod),
        started=pod.get("status", {}).get("phase") == "Running",
        grace=pods.grace(pod),
        detached=names.HANDOFF in having and names.HASH not in having,
        unserved_at=parse(notes.get(names.UNSERVED_AT)),
        listed=pods.uid(pod) in serving.get("", ()),
        unserve=_unserve(having, around),
        raw=pod,
        marked_until=parse(notes.get(names.INTERRUPTED_UNTIL)),
        group=group,
    )


def _unserve(having: dict[str, str], around: Surroundings) -> tuple[str, ...]:
    """One label of each Service that selects the pod: as few as do, as policies look at labels too."""
    taken: set[str] = set()
    for service in around.services:
        selector = service["spec"].get("selector") or {}
        if pods.selects(selector, having) and not taken & set(selector):
            taken.add(min(selector, key=lambda name: (name == "app.kubernetes.io/name", name)))
    return tuple(sorted(taken))


def _shared(claims: Iterable[JsonMap]) -> frozenset[str]:
    several = {"ReadWriteMany", "ReadOnlyMany"}
    return frozenset(
        each["metadata"]["name"] for each in claims if several & set(each["spec"].get("accessModes") or [])
    )

"""What stands on a doomed node, and what each pod there waits for, read from the cache. No I/O, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from spot import doomed_node, names, pods
from spot.handoff.group import Group, Timing, group_of
from spot.handoff.way import Scope, Surroundings, Way, way_of
from spot.kube.cache import Cache
from spot.pods import JsonMap, Key
from spot.times import parse


@dataclass(frozen=True)
class Doomed:
    """One pod on a doomed node. `unserve` are the labels by which `services` select it: as few as do; `runs`
    is whether any of its containers does."""

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
    runs: bool
    grace: timedelta
    detached: bool
    unserved_at: datetime | None
    listed: bool
    unserve: tuple[str, ...]
    raw: JsonMap = field(repr=False, compare=False)
    marked_until: datetime | None = None
    detached_at: datetime | None = None
    group: Group | None = None
    services: tuple[str, ...] = ()

    @property
    def served(self) -> bool:
        """Whether visitors may come to it through a Service."""
        return bool(self.unserve) or self.listed


class Look:
    """One look at the cluster: everything asked of it is asked of the same moment, and gathered once.

    `fenced` gives every node whose pods leave, and its deadline; `denied` the uids of pods that the cluster
    does not let the handler detach.
    """

    def __init__(
        self,
        cache: Cache,
        fenced: Mapping[str, datetime],
        scope: Scope,
        timing: Timing,
        now: datetime,
        denied: Collection[str] = (),
    ) -> None:
        self.now, self._denied = now, denied
        self._cache, self._fenced, self._scope, self._timing = cache, fenced, scope, timing
        self._nodes = {each["metadata"]["name"] for each in cache.all("Node")}
        self._around: dict[str, Surroundings] = {}
        self._serving: dict[str, dict[str, set[str]]] = {}
        self._owned: dict[str, dict[str, list[JsonMap]]] = {}
        self._groups: dict[Key, Group | None] = {}

    def standing_on(self, node: str, since: datetime | None = None) -> tuple[Doomed, ...]:
        """The pods of a node, each with what it waits for. `since`: when its pods began to leave."""
        there = self._cache.get("Node", "", node)
        found = []
        for pod in self._cache.pods_on(node):
            one = self.doomed(pod)
            if one.way is Way.EVICT and there and since and doomed_node.comes_back(pod, there, since):
                # The emptiest node is the scheduler's first choice: it would go and come until the end, on a
                # node that is never clear.
                one = replace(one, way=Way.LEAVE, reason="it came in spite of the fence")
            found.append(one)
        return tuple(found)

    def ends(self, node: str) -> datetime | None:
        """When the node goes; None for one that stays."""
        return self._fenced.get(node)

    def group(self, deployment: Key) -> Group | None:
        """The Deployment of that name as it stands, or None."""
        if deployment not in self._groups:
            found = self.around(deployment[0]).deployments.get(deployment)
            self._groups[deployment] = self._group_of(found) if found else None
        return self._groups[deployment]

    def ready(self, namespace: str, services: Iterable[str]) -> int | None:
        """Ready endpoints of the Service that has the fewest; None if none of them is there."""
        there = {pods.key(each)[1] for each in self.around(namespace).services}
        listed = self._listed(namespace)
        return min((len(listed.get(each, ())) for each in services if each in there), default=None)

    def around(self, namespace: str) -> Surroundings:
        if namespace not in self._around:
            self._around[namespace] = Surroundings(
                replicasets={pods.key(each): each for each in self._cache.all("ReplicaSet", namespace)},
                deployments={pods.key(each): each for each in self._cache.all("Deployment", namespace)},
                # One that is only another's name has no endpoints to wait for, one of a trial no visitors.
                services=[
                    each
                    for each in self._cache.all("Service", namespace)
                    if each["spec"].get("type") != "ExternalName" and names.TRIAL not in pods.labels(each)
                ],
                budgets=self._cache.all("PodDisruptionBudget", namespace),
                policies=self._cache.all("NetworkPolicy", namespace),
                shared_claims=_shared(self._cache.all("PersistentVolumeClaim", namespace)),
            )
        return self._around[namespace]

    def _group_of(self, deployment: JsonMap) -> Group:
        namespace = pods.key(deployment)[0]
        around = self.around(namespace)
        if namespace not in self._owned:
            owned: dict[str, list[JsonMap]] = defaultdict(list)
            for pod in self._cache.all("Pod", namespace):
                if (node := pods.node(pod)) and node not in self._nodes:
                    # It went with its node: until Kubernetes clears it away, it still says that it is ready.
                    continue
                owned[str(around.deployment_above(pod).get("uid"))].append(pod)
            self._owned[namespace] = owned
        return group_of(
            deployment,
            around,
            self._owned[namespace][pods.uid(deployment)],
            self._listed(namespace),
            fenced=self._fenced,
            timing=self._timing,
            now=self.now,
        )

    def _listed(self, namespace: str) -> Mapping[str, set[str]]:
        """Of each Service, the pods (by uid) that its EndpointSlices list as ready; key "": listed at all."""
        if namespace not in self._serving:
            found: dict[str, set[str]] = defaultdict(set)
            for each in self._cache.all("EndpointSlice", namespace):
                # It has its Service's labels.
                if names.TRIAL in pods.labels(each):
                    continue
                service = pods.labels(each).get("kubernetes.io/service-name", "")
                for endpoint in each.get("endpoints") or []:
                    if not (target := (endpoint.get("targetRef") or {}).get("uid")):
                        continue
                    found[""].add(target)
                    # A missing condition means ready (EndpointConditions of discovery.k8s.io/v1).
                    if (endpoint.get("conditions") or {}).get("ready") is not False:
                        found[service].add(target)
            self._serving[namespace] = found
        return self._serving[namespace]

    def doomed(self, pod: JsonMap) -> Doomed:
        """A pod by itself, as if its node went."""
        namespace = pods.key(pod)[0]
        around, having, notes = self.around(namespace), pods.labels(pod), pods.notes(pod)
        stands, owner = way_of(pod, around, self._scope), pods.controller(pod)
        if pods.uid(pod) in self._denied:
            stands = replace(stands, way=Way.EVICT, reason="not-detached")
        group = self.group(pods.key(stands.deployment)) if stands.deployment else None
        above = f"Deployment/{group.deployment[1]}" if group else f"{owner.get('kind')}/{owner.get('name')}"
        return Doomed(
            key=pods.key(pod),
            uid=pods.uid(pod),
            version=pod["metadata"]["resourceVersion"],
            node=pods.node(pod),
            way=stands.way,
            reason=stands.reason,
            owner=above if group or owner else "",
            ready=pods.is_ready(pod),
            going=pods.is_going(pod),
            started=pod.get("status", {}).get("phase") == "Running",
            runs=pods.runs(pod),
            grace=pods.grace(pod),
            detached=pods.is_detached(pod),
            unserved_at=parse(notes.get(names.UNSERVED_AT)),
            listed=pods.uid(pod) in self._listed(namespace).get("", ()),
            unserve=_unserve(having, around),
            raw=pod,
            marked_until=parse(notes.get(names.INTERRUPTED_UNTIL)),
            detached_at=parse(notes.get(names.DETACHED_AT)),
            group=group,
            services=tuple(pods.key(each)[1] for each in around.services_of(having)),
        )


def _unserve(having: dict[str, str], around: Surroundings) -> tuple[str, ...]:
    """One label of each Service that selects the pod: as few as do.

    None that a policy looks at, if there is another: what the pod still answers may need its own way out.
    None of ours, by which its log is found.
    """
    looked_at = around.policy_labels
    taken: set[str] = set()
    for service in around.services_of(having):
        selector = service["spec"]["selector"]
        if not taken & set(selector):
            taken.add(
                min(selector, key=lambda name: (name in looked_at, name.startswith("madang.dev/"), name))
            )
    return tuple(sorted(taken))


def _shared(claims: Iterable[JsonMap]) -> frozenset[str]:
    several = {"ReadWriteMany", "ReadOnlyMany"}
    return frozenset(
        each["metadata"]["name"] for each in claims if several & set(each["spec"].get("accessModes") or [])
    )

"""A Deployment on nodes that go, second by second: its ReplicaSet, its EndpointSlice and the handler."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from spot import names, pods
from spot.handoff.decision import Action, Detach, Evict, Mark, Unserve, decide
from spot.handoff.scene import Look
from spot.handoff.steps import detached, marked, unserved
from spot.handoff.way import Scope
from spot.kube import Cache
from spot.times import zulu
from tests.unit.spot.handoff.objects import NOW, TIMING, a_node, deployment, pod, replicaset, service

SCOPE = Scope(frozenset(), "madang-builds")
Chance = Callable[[str], bool]


@dataclass
class World:
    """`chance(what)` says whether something happens in this second: a request arrives, a pod gets ready."""

    desired: int
    nodes: list[str]
    deadlines: dict[str, datetime]
    grace: int = 3
    now: datetime = NOW
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    made: int = 0
    version: int = 1
    killed: int = 0

    def __post_init__(self) -> None:
        for number in range(self.desired):
            name = self._make(self.nodes[number % len(self.nodes)], ready_for=60)
            self.listed.add(f"u-{name}")

    def actions(self) -> list[Action]:
        """What a handler that has just started decides."""
        cache = Cache(cast("Any", None))
        for kind, items in (
            ("Node", [a_node(name) for name in (*self.nodes, "spare")]),
            ("Pod", self.pods.values()),
            ("Deployment", [deployment(self.desired)]),
            ("ReplicaSet", [replicaset()]),
            ("Service", [service()]),
            ("EndpointSlice", [self._slice()]),
        ):
            for item in items:
                item = copy.deepcopy(item)
                item["metadata"].setdefault("resourceVersion", "1")
                item["metadata"].setdefault("uid", f"u-{kind}")
                cache.put(kind, item)
        look = Look(cache, self.deadlines, SCOPE, TIMING, self.now)
        found = [
            decide(one, deadline, TIMING, self.now)
            for node, deadline in self.deadlines.items()
            for one in look.standing_on(node)
        ]
        return [action for action in found if action is not None]

    def second(self, chance: Chance) -> None:
        """One look of the handler, of whose requests some are lost, and one second of everything else."""
        for action in self.actions():
            if chance("arrives"):
                self._do(action)
        self._replicaset()
        for name in list(self.pods):
            one = self.pods[name]
            if pods.is_going(one) and chance("ends"):
                del self.pods[name]
            elif not pods.is_ready(one) and pods.node(one) not in self.deadlines and chance("ready"):
                since = zulu(self.now)
                ready = {"type": "Ready", "status": "True", "lastTransitionTime": since}
                one["status"]["conditions"] = [ready]
        self._endpoints(chance)
        self.now += timedelta(seconds=1)
        for node, deadline in self.deadlines.items():
            if self.now >= deadline:
                for name in [each for each, one in self.pods.items() if pods.node(one) == node]:
                    del self.pods[name]
                    self.killed += 1
        self.listed &= {pods.uid(one) for one in self.pods.values()}

    @property
    def serving(self) -> int:
        """Listed, and there."""
        return sum(pods.uid(one) in self.listed for one in self.pods.values() if not pods.is_going(one))

    @property
    def on_doomed(self) -> list[str]:
        return [name for name, one in self.pods.items() if pods.node(one) in self.deadlines]

    def before_the_last_moment(self) -> bool:
        """Whether no pod may be taken from its visitors yet, whatever its replacement does."""
        margin = min(timedelta(seconds=self.grace), TIMING.last_grace) + TIMING.late_margin
        return all(self.now < deadline - margin for deadline in self.deadlines.values())

    def _make(self, node: str, ready_for: float | None = None) -> str:
        self.made += 1
        name = f"blog-{self.made}"
        spec = {"terminationGracePeriodSeconds": self.grace}
        self.pods[name] = pod(name, node, ready_for=ready_for, spec=spec, created=self.now)
        return name

    def _do(self, action: Action) -> None:
        one = self.pods.get(action.pod.key[1])
        if one is None or one["metadata"]["resourceVersion"] != action.pod.version:
            return
        match action:
            case Detach(seen):
                self._patch(one, detached(seen, "int-1", self.now, self.now))
            case Unserve(seen):
                self._patch(one, unserved(seen, self.now))
            case Mark(_, until):
                self._patch(one, marked(until))
            case Evict():
                one["metadata"]["deletionTimestamp"] = zulu(self.now)

    def _patch(self, one: dict[str, Any], metadata: dict[str, Any]) -> None:
        """A merge patch (RFC 7386) of the metadata."""
        self.version += 1
        for name in ("labels", "annotations"):
            merged = {**one["metadata"][name], **metadata.get(name, {})}
            one["metadata"][name] = {key: value for key, value in merged.items() if value is not None}
        one["metadata"]["ownerReferences"] = metadata.get(
            "ownerReferences", one["metadata"]["ownerReferences"]
        )
        one["metadata"]["resourceVersion"] = str(self.version)

    def _replicaset(self) -> None:
        mine = [
            one for one in self.pods.values() if names.HASH in pods.labels(one) and not pods.is_going(one)
        ]
        for _ in range(self.desired - len(mine)):
            self._make("spare")

    def _endpoints(self, chance: Chance) -> None:
        """Each change reaches the slice in its own time."""
        for one in self.pods.values():
            serves = pods.is_ready(one) and not pods.is_going(one) and "app" in pods.labels(one)
            if serves != (pods.uid(one) in self.listed) and chance("listed"):
                (self.listed.add if serves else self.listed.discard)(pods.uid(one))

    def _slice(self) -> dict[str, Any]:
        endpoints = [
            {"targetRef": {"uid": uid}, "conditions": {"ready": True}} for uid in sorted(self.listed)
        ]
        labels = {"kubernetes.io/service-name": "blog"}
        metadata = {"name": "blog-x", "namespace": "club-chess", "labels": labels}
        return {"metadata": metadata, "endpoints": endpoints}

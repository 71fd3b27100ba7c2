"""The fleet at one moment. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deployer.fleet.node import FleetNode
from deployer.fleet.pod import FleetPod


@dataclass(frozen=True)
class Usage:
    """What a node uses just now."""

    cpu_millicores: int
    memory_bytes: int


@dataclass(frozen=True)
class Fleet:
    """Nodes by name and pods by name; `usage` is by node, and empty without a metrics server."""

    nodes: tuple[FleetNode, ...] = ()
    pods: tuple[FleetPod, ...] = ()
    usage: Mapping[str, Usage] = field(default_factory=dict)

    def node(self, name: str) -> FleetNode | None:
        return next((each for each in self.nodes if each.name == name), None)

    def pods_by_node(self) -> dict[str, list[FleetPod]]:
        """Pods of no node stand under an empty name."""
        found: dict[str, list[FleetPod]] = defaultdict(list)
        for pod in self.pods:
            found[pod.node].append(pod)
        return found

    def projects_on(self, node: str) -> list[tuple[str, str]]:
        """Club and project of each pod there that serves, once each."""
        return sorted(
            {(pod.club, pod.project) for pod in self.pods if pod.node == node and pod.project and pod.ready}
        )


def fleet_of(nodes: Iterable[FleetNode], pods: Iterable[FleetPod], usage: Mapping[str, Usage]) -> Fleet:
    """In the order that a page shows."""
    return Fleet(
        nodes=tuple(sorted(nodes, key=lambda each: (each.pool, each.zone, each.name))),
        pods=tuple(sorted(pods, key=lambda each: (each.namespace, each.name))),
        usage=usage,
    )

"""The node whose loss would hurt most: the one with the most projects that stand nowhere else. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from deployer.fleet.fleet import Fleet
from deployer.fleet.node import FleetNode
from deployer.fleet.pod import FleetPod


def of_live_releases(fleet: Fleet, live: Mapping[tuple[str, str], int]) -> Fleet:
    """The fleet without pods of releases that are not live: one on trial has no visitors to lose.

    `live` is by club and project; all pods of a project that has none there stay.
    """
    kept = (pod for pod in fleet.pods if pod.release in ("", str(live.get(_whose(pod), pod.release))))
    return replace(fleet, pods=tuple(kept))


def worst(fleet: Fleet) -> FleetNode | None:
    """Of the ready spot nodes that nobody takes already; the first by name of equals, None of none."""
    nodes = [node for node in fleet.nodes if node.is_spot and node.ready and node.end is None]
    return min(
        nodes,
        key=lambda node: (
            -len(sole_projects(fleet, node.name)),
            -len(fleet.projects_on(node.name)),
            node.name,
        ),
        default=None,
    )


def sole_projects(fleet: Fleet, node: str) -> list[tuple[str, str]]:
    """Club and project of those whose only ready pod stands there."""
    ready = Counter(_whose(pod) for pod in fleet.pods if pod.project and pod.ready)
    return [each for each in fleet.projects_on(node) if ready[each] == 1]


def _whose(pod: FleetPod) -> tuple[str, str]:
    return pod.club, pod.project

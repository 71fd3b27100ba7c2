"""The node whose loss would hurt most: the one with the most projects that stand nowhere else. Pure."""

from __future__ import annotations

from collections import Counter

from deployer.fleet.fleet import Fleet
from deployer.fleet.node import FleetNode


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
    ready = Counter((pod.club, pod.project) for pod in fleet.pods if pod.project and pod.ready)
    return [each for each in fleet.projects_on(node) if ready[each] == 1]

"""The cluster's machines and what stands on them, as an operator sees them. Reads only, and no Secret."""

from deployer.fleet.fleet import Fleet, Usage
from deployer.fleet.node import FleetNode, NodeEnd, read_node
from deployer.fleet.pod import FleetPod, read_fleet_pod
from deployer.fleet.watching import FleetWatch, read_fleet
from deployer.fleet.worst import of_live_releases, sole_projects, worst

__all__ = [
    "Fleet",
    "FleetNode",
    "FleetPod",
    "FleetWatch",
    "NodeEnd",
    "Usage",
    "of_live_releases",
    "read_fleet",
    "read_fleet_pod",
    "read_node",
    "sole_projects",
    "worst",
]

"""The fleet for pages: one watch of the cluster for all readers of this process."""

from __future__ import annotations

from dataclasses import dataclass

from deployer.errors import DeployerError, Explanation
from deployer.fleet import Fleet
from portal import cluster

FIRST_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Look:
    """`fleet` None: not known (yet); `trouble` is why, or why what is known may be old."""

    fleet: Fleet | None
    trouble: Explanation | None
    version: int


def look(patience_seconds: float = FIRST_LOOK_SECONDS) -> Look:
    """The fleet now; waits for the first list of it alone."""
    try:
        watch = cluster.fleet_watch()
    except DeployerError as error:
        return Look(None, error.explanation, 0)
    fleet = watch.look(patience_seconds)
    return Look(fleet, watch.trouble, watch.version)


def version() -> int:
    """Grows with every change; cheap."""
    try:
        return cluster.fleet_watch().version
    except DeployerError:
        return 0

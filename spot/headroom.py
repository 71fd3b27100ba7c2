"""Room that is there already when a node is called back: pods that do nothing, and make way for any other.

How many follows from what the largest spot node runs. The Deployment and its units are the operator's
(chart values `spot.headroom`); the handler only says how many.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from kubernetes.utils.quantity import parse_quantity

from spot import names, pods
from spot.kube.cache import Cache
from spot.kube.connection import Connection
from spot.kube.kinds import KINDS
from spot.pods import JsonMap
from spot.settings import AheadSettings

if TYPE_CHECKING:
    from spot.metrics import Metrics

log = logging.getLogger(__name__)

DEPLOYMENT = "spot-headroom"
# While a node's pods move nothing stands there to be counted: room is given up slowly.
REMEMBER = timedelta(minutes=5)


@dataclass(frozen=True)
class Room:
    """Of a unit, or of what a pod or a node asks for."""

    cpu_cores: Decimal = Decimal(0)
    memory_bytes: Decimal = Decimal(0)

    def __add__(self, other: Room) -> Room:
        return Room(self.cpu_cores + other.cpu_cores, self.memory_bytes + other.memory_bytes)

    def at_least(self, other: Room) -> Room:
        return Room(max(self.cpu_cores, other.cpu_cores), max(self.memory_bytes, other.memory_bytes))

    def units(self, unit: Room) -> int:
        """How many of `unit` hold this; one that asks for nothing of a resource holds any amount of it."""
        pairs = ((self.cpu_cores, unit.cpu_cores), (self.memory_bytes, unit.memory_bytes))
        return max((math.ceil(want / has) for want, has in pairs if has > 0), default=0)


class Headroom:
    """The Deployment `spot-headroom` of the platform's namespace; `look` every 20 seconds or so."""

    def __init__(
        self, connection: Connection, cache: Cache, settings: AheadSettings, metrics: Metrics
    ) -> None:
        self._connection, self._cache, self._settings, self._metrics = connection, cache, settings, metrics
        self._wanted: deque[tuple[datetime, int]] = deque()

    def look(self, now: datetime) -> None:
        """Count, and scale if need be. Raises SpotError."""
        deployment = self._cache.get("Deployment", self._settings.namespace, DEPLOYMENT)
        if not self._settings.headroom or deployment is None:
            return
        everything = self._cache.all("Pod")
        unit = room_of(deployment["spec"]["template"]["spec"])
        self._wanted.append((now, wanted(self._cache.all("Node"), everything, unit)))
        while self._wanted[0][0] < now - REMEMBER:
            self._wanted.popleft()
        count = min(max(each for _, each in self._wanted), self._settings.headroom_most)
        holding = [pod for pod in everything if names.HEADROOM in pods.labels(pod) and pods.is_ready(pod)]
        self._metrics.headroom.labels("want").set(count)
        self._metrics.headroom.labels("ready").set(len(holding))
        if deployment["spec"].get("replicas") != count:
            log.info("headroom: %d units instead of %s", count, deployment["spec"].get("replicas"))
            path = KINDS["Deployment"].path(self._settings.namespace, DEPLOYMENT, "scale")
            self._connection.call("PATCH", path, body={"spec": {"replicas": count}})


def wanted(nodes: Iterable[JsonMap], everything: Iterable[JsonMap], unit: Room) -> int:
    """Units for the spot node that runs the most, besides those that are lost with a node themselves.

    Headroom stands on spot nodes too: of m nodes that share it one takes an m-th along.
    """
    spot = {node["metadata"]["name"]: Room() for node in nodes if _may_go(node)}
    for pod in everything:
        node = pods.node(pod)
        if node in spot and moves(pod):
            spot[node] += room_of(pod["spec"])
    largest = max((each.units(unit) for each in spot.values()), default=0)
    return math.ceil(largest * len(spot) / (len(spot) - 1)) if len(spot) > 1 else largest


def moves(pod: JsonMap) -> bool:
    """Whether the pod needs a place elsewhere when its node goes: serving pods do, Jobs may wait."""
    own = pods.labels(pod)
    if names.HEADROOM in own or names.IMAGE_AHEAD in own or pods.is_going(pod) or pods.is_mirror(pod):
        return False
    if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return False
    return pods.controller(pod).get("kind") not in ("DaemonSet", "Node", "Job")


def room_of(spec: JsonMap) -> Room:
    """What the scheduler sets aside for a pod (KEP-753: a sidecar runs on beside what starts after it)."""
    overhead = _read(spec.get("overhead") or {})
    if stated := (spec.get("resources") or {}).get("requests"):
        return overhead + _read(stated)
    sidecars = start = Room()
    for each in spec.get("initContainers") or []:
        asked = _read((each.get("resources") or {}).get("requests") or {})
        if each.get("restartPolicy") == "Always":
            sidecars = sidecars + asked
            start = start.at_least(sidecars)
        else:
            start = start.at_least(sidecars + asked)
    running = sidecars
    for each in spec.get("containers") or []:
        running = running + _read((each.get("resources") or {}).get("requests") or {})
    return overhead + running.at_least(start)


def _may_go(node: JsonMap) -> bool:
    """A spot node that has not been called back already."""
    fenced = any(taint.get("key") == names.INTERRUPTED for taint in node["spec"].get("taints") or [])
    return pods.labels(node).get(names.CAPACITY_TYPE) == "spot" and not fenced


def _read(requests: JsonMap) -> Room:
    return Room(parse_quantity(requests.get("cpu", 0)), parse_quantity(requests.get("memory", 0)))

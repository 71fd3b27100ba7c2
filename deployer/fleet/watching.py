"""The fleet kept in step by list and watch while somebody wants it; a look asks the cluster nothing."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deployer.errors import DeployerError, Explanation
from deployer.fleet.fleet import Fleet, Usage, fleet_of
from deployer.fleet.node import FleetNode, read_node
from deployer.fleet.pod import FleetPod, read_fleet_pod
from deployer.kube import JsonMap
from deployer.kube.quantity import cpu_millicores, memory_bytes

if TYPE_CHECKING:
    from deployer.kube import Kube

logger = logging.getLogger(__name__)

USAGE_SECONDS = 15.0
PAUSE_SECONDS = 3.0


class FleetWatch:
    """Three threads: nodes, pods, usage. They end by themselves `rest_seconds` after the last `look`."""

    def __init__(self, kube: Kube, rest_seconds: float = 90.0) -> None:
        self._kube = kube
        self._rest_seconds = rest_seconds
        self._changed = threading.Condition()
        self._objects: dict[str, dict[str, Any]] = {"Node": {}, "Pod": {}}
        self._usage: dict[str, Usage] = {}
        self._listed: set[str] = set()
        self._trouble: dict[str, Explanation] = {}
        self._version = 0
        self._made: tuple[int, Fleet] = (-1, Fleet())
        self._wanted_until = 0.0
        self._threads: dict[str, threading.Thread] = {}

    @property
    def version(self) -> int:
        """Grows with every change; asking it also says that the fleet is wanted."""
        self._want()
        return self._version

    def look(self, patience_seconds: float = 0.0) -> Fleet | None:
        """The fleet now; None while it was not listed yet, for which it waits so long at most."""
        self._want()
        with self._changed:
            self._changed.wait_for(lambda: self._ready or bool(self._trouble), patience_seconds)
            if not self._ready:
                return None
            if self._made[0] != self._version:
                nodes, pods = self._objects["Node"], self._objects["Pod"]
                self._made = (self._version, fleet_of(nodes.values(), pods.values(), dict(self._usage)))
            return self._made[1]

    @property
    def trouble(self) -> Explanation | None:
        """Why what `look` gives may be old: the cluster does not answer, or does not let us look."""
        return next(iter(self._trouble.values()), None)

    @property
    def _ready(self) -> bool:
        return len(self._listed) == len(self._objects)

    def _want(self) -> None:
        with self._changed:
            self._wanted_until = time.monotonic() + self._rest_seconds
            work = {"Node": self._nodes, "Pod": self._pods, "usage": self._use}
            for name, each in work.items():
                if (thread := self._threads.get(name)) and thread.is_alive():
                    continue
                self._listed.discard(name)
                self._threads[name] = threading.Thread(
                    target=self._keep, args=(each,), name=f"fleet {name}", daemon=True
                )
                self._threads[name].start()

    @property
    def _wanted(self) -> bool:
        return time.monotonic() < self._wanted_until

    def _keep(self, work: Callable[[], None]) -> None:
        while self._wanted:
            try:
                work()
            except DeployerError as error:
                logger.info("the fleet is listed anew", extra={"explanation": error.explanation.to_dict()})
            except Exception:
                logger.exception("the fleet is listed anew")
            time.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 - not all portals at once

    def _nodes(self) -> None:
        self._follow("Node", read_node)

    def _pods(self) -> None:
        self._follow("Pod", read_fleet_pod)

    def _follow(self, kind: str, read: Callable[[JsonMap], FleetNode | FleetPod]) -> None:
        try:
            items, version = self._kube.listed(kind)
        except DeployerError as error:
            with self._changed:
                self._trouble[kind] = error.explanation
                self._changed.notify_all()
            raise
        with self._changed:
            self._objects[kind] = {item["metadata"]["uid"]: read(item) for item in items}
            self._listed.add(kind)
            self._trouble.pop(kind, None)
            self._bump()
        while self._wanted:
            for what, item in self._kube.watch(kind, version):
                version = item["metadata"]["resourceVersion"]
                if what != "BOOKMARK":
                    self._take(kind, what, item, read)
                if not self._wanted:
                    return

    def _take(
        self, kind: str, what: str, item: JsonMap, read: Callable[[JsonMap], FleetNode | FleetPod]
    ) -> None:
        uid, seen = item["metadata"]["uid"], None if what == "DELETED" else read(item)
        with self._changed:
            if self._objects[kind].get(uid) == seen:
                # A heartbeat, or what no page shows.
                return
            if seen is None:
                del self._objects[kind][uid]
            else:
                self._objects[kind][uid] = seen
            self._bump()

    def _use(self) -> None:
        # A cluster without a metrics server is no trouble: its tiles say what is asked for.
        usage = read_usage(self._kube)
        with self._changed:
            if usage != self._usage:
                self._usage = usage
                self._bump()
        deadline = time.monotonic() + USAGE_SECONDS
        while self._wanted and time.monotonic() < deadline:
            time.sleep(0.5)

    def _bump(self) -> None:
        self._version += 1
        self._changed.notify_all()


def read_fleet(kube: Kube) -> Fleet:
    """The fleet once, for who looks once: a worker's task. Raises DeployerError."""
    nodes, _ = kube.listed("Node")
    pods, _ = kube.listed("Pod")
    return fleet_of(map(read_node, nodes), map(read_fleet_pod, pods), {})


def read_usage(kube: Kube) -> dict[str, Usage]:
    """What each node uses, as the metrics server says. Raises DeployerError."""
    return {
        each["metadata"]["name"]: Usage(
            cpu_millicores(str(each["usage"].get("cpu", "0"))),
            memory_bytes(str(each["usage"].get("memory", "0"))),
        )
        for each in kube.find("NodeMetrics", None)
    }

"""The kubelets of nodes that are only objects: what is bound runs and becomes ready, what is deleted ends."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from spot.errors import Conflict, PermanentError, SpotError
from spot.kube import Connection

JsonMap = dict[str, Any]

# On a pod: how its program behaves.
READY_AFTER = "tests.madang.dev/ready-after"
"""Seconds from its start, or "never"."""
DEAF = "tests.madang.dev/deaf"
"""It does not hear SIGTERM: it is there until its grace is over."""
NEVER = "never"


class PlayedKubelets:
    """`start_seconds` and `stop_seconds` are what a pod takes unless its annotations say otherwise."""

    def __init__(
        self, connection: Connection, start_seconds: float = 0.3, stop_seconds: float = 0.3, workers: int = 4
    ) -> None:
        self._connection = connection
        self._start_seconds, self._stop_seconds = start_seconds, stop_seconds
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="kubelet")
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._stopped = False
        self._started: set[str] = set()
        self._ended: set[str] = set()
        self._silent: set[str] = set()
        self._held: set[str] = set()
        for target in (self._follow, self._ring):
            threading.Thread(target=target, name="kubelets", daemon=True).start()

    def silence(self, node: str) -> None:
        """The machine is gone: its kubelet says and does nothing more."""
        self._silent.add(node)

    def hold(self, node: str) -> None:
        """What is bound to it does not begin."""
        self._held.add(node)

    def release(self, node: str) -> None:
        """What was held begins."""
        self._held.discard(node)
        for pod in self._connection.call("GET", "/api/v1/pods")["items"]:
            self._see(pod)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _follow(self) -> None:
        while not self._stopped:
            try:
                answer = self._connection.call("GET", "/api/v1/pods")
                for pod in answer["items"]:
                    self._see(pod)
                query = {"resourceVersion": answer["metadata"]["resourceVersion"]}
                for what, pod in self._connection.watch("/api/v1/pods", query=query, quiet_seconds=600):
                    if self._stopped:
                        return
                    if what in ("ADDED", "MODIFIED"):
                        self._see(pod)
            except SpotError:
                time.sleep(0.2)

    def _see(self, pod: JsonMap) -> None:
        uid, node = pod["metadata"]["uid"], pod["spec"].get("nodeName")
        if not node or node in self._silent:
            return
        notes = pod["metadata"].get("annotations") or {}
        if pod["metadata"].get("deletionTimestamp"):
            if uid not in self._ended:
                self._ended.add(uid)
                grace = float(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
                wait = grace if DEAF in notes else min(self._stop_seconds, grace)
                self._after(wait, lambda: self._end(pod, node))
        elif uid not in self._started and node not in self._held:
            self._started.add(uid)
            ready_after = notes.get(READY_AFTER, "0")
            self._after(self._start_seconds, lambda: self._begin(pod, node, ready_after))

    def _begin(self, pod: JsonMap, node: str, ready_after: str) -> None:
        self._run(pod, node, ready=ready_after == "0")
        # Only now: what is said of the pod must not come in another order.
        if ready_after not in ("0", NEVER):
            self._after(float(ready_after), lambda: self._run(pod, node, ready=True))

    def _run(self, pod: JsonMap, node: str, *, ready: bool) -> None:
        uid = pod["metadata"]["uid"]
        if node in self._silent or uid in self._ended:
            return
        number = int(uid.replace("-", "")[:6], 16)
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = "True" if ready else "False"
        names = ("Initialized", "PodReadyToStartContainers")
        conditions = [
            *({"type": name, "status": "True", "lastTransitionTime": now} for name in names),
            {"type": "Ready", "status": told, "lastTransitionTime": now},
            {"type": "ContainersReady", "status": told, "lastTransitionTime": now},
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": now},
        ]
        status = {
            "phase": "Running",
            "startTime": now,
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": conditions,
        }
        self._write(pod, status)

    def _end(self, pod: JsonMap, node: str) -> None:
        if node in self._silent:
            return
        if pod["spec"].get("restartPolicy") == "Never":
            # A Job's controller looks at how its pod has ended.
            self._write(pod, {"phase": "Failed"})
        self._call("DELETE", pod, "", {"gracePeriodSeconds": 0, "preconditions": _its_uid(pod)})

    def _write(self, pod: JsonMap, status: JsonMap) -> None:
        self._call("PATCH", pod, "/status", {"metadata": _its_uid(pod), "status": status})

    def _call(self, method: str, pod: JsonMap, part: str, body: JsonMap) -> None:
        where = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}{part}"
        while not self._stopped:
            try:
                self._connection.call(method, where, body=body)
                return
            except (Conflict, PermanentError):
                # It is gone, and another one may have its name.
                return
            except SpotError:
                time.sleep(0.2)

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._numbers), do))
            self._changed.notify_all()

    def _ring(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (not self._timers or self._timers[0][0] > time.monotonic()):
                    wait = self._timers[0][0] - time.monotonic() if self._timers else None
                    self._changed.wait(wait)
                if self._stopped:
                    return
                _, _, do = heapq.heappop(self._timers)
                self._pool.submit(do)


def _its_uid(pod: JsonMap) -> JsonMap:
    return {"uid": pod["metadata"]["uid"]}

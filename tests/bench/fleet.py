"""Fifty nodes that are objects, five hundred pods, and what is seen of both from outside."""

from __future__ import annotations

import multiprocessing
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes.client import Configuration
from kubernetes.config import load_kube_config

from spot import names, pods
from spot.errors import SpotError
from spot.kube import Connection
from spot.kube.kinds import KINDS
from tests.integration.spot.played_kubelets import PlayedKubelets
from tests.integration.spot.stage import eventually, service

JsonMap = dict[str, Any]
AT_ONCE = 32
"""Requests that run at a time: as many as the handler's own."""
SOLE, SEVERAL = 1, 5


def connect(kubeconfig: Path) -> Connection:
    configuration = Configuration()
    load_kube_config(config_file=str(kubeconfig), client_configuration=configuration)
    return Connection(configuration)


@contextmanager
def running_kubelets(kubeconfig: Path) -> Iterator[None]:
    """In a process of their own: what they do must not slow what is measured more than it has to."""
    started = multiprocessing.get_context("spawn").Process(target=_kubelets, args=(kubeconfig,), daemon=True)
    started.start()
    try:
        yield
    finally:
        started.kill()
        started.join()


def _kubelets(kubeconfig: Path) -> None:
    PlayedKubelets(connect(kubeconfig), workers=8)
    threading.Event().wait()


@dataclass
class Fleet:
    """Two pools of the same size; `instances` by node."""

    connection: Connection
    namespaces: list[str]
    pools: dict[str, list[str]] = field(default_factory=lambda: {"a": [], "b": []})
    instances: dict[str, str] = field(default_factory=dict)
    replicas: dict[str, int] = field(default_factory=dict)

    def build(self, nodes: int, count: int) -> None:
        """`count` pods, a third of them sole replicas; all serving when this returns."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for each in self.namespaces:
                body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each}}
                self.connection.call("POST", "/api/v1/namespaces", body=body)
            list(pool.map(self._node, range(nodes)))
            replicas = [SOLE] * (count // 3)
            replicas += [SEVERAL] * ((count - len(replicas)) // SEVERAL)
            replicas += [SOLE] * (count - sum(replicas))
            list(pool.map(self._deploy, range(len(replicas)), replicas))
        eventually(lambda: sum(pods.is_ready(pod) for pod in self.pods()) >= count, f"{count} pods")
        eventually(lambda: self._listed() >= count, f"{count} endpoints")

    def pods(self) -> list[JsonMap]:
        found: list[JsonMap] = self.connection.call("GET", "/api/v1/pods")["items"]
        return found

    def nodes(self, pool: str) -> list[JsonMap]:
        return [self.connection.call("GET", KINDS["Node"].path(None, name)) for name in self.pools[pool]]

    def _listed(self) -> int:
        slices = self.connection.call("GET", KINDS["EndpointSlice"].path(None))["items"]
        return sum(len(each.get("endpoints") or []) for each in slices)

    def _node(self, number: int) -> None:
        pool = "ab"[number % 2]
        name = f"{pool}-{number}"
        self.instances[name] = f"i-{uuid.uuid4().hex[:17]}"
        self.pools[pool].append(name)
        labels = {names.CAPACITY_TYPE: "spot", "node.kubernetes.io/instance-type": f"pool-{pool}"}
        spec = {"providerID": f"aws:///local-a/{self.instances[name]}"}
        body = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": spec,
        }
        self.connection.call("POST", "/api/v1/nodes", body=body)
        room = {"cpu": "64", "memory": "64Gi", "pods": "500"}
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
        status = {"capacity": room, "allocatable": room, "conditions": [ready]}
        self.connection.call("PATCH", f"/api/v1/nodes/{name}/status", body={"status": status})
        self.connection.call("PATCH", f"/api/v1/nodes/{name}", body={"spec": {"taints": None}})

    def _deploy(self, number: int, replicas: int) -> None:
        self.replicas[f"app-{number}"] = replicas
        name, namespace = f"app-{number}", self.namespaces[number % len(self.namespaces)]
        container = {"name": "app", "image": "app:1", "resources": {"requests": {"cpu": "10m"}}}
        spec = {"terminationGracePeriodSeconds": 3, "containers": [container]}
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
            },
        }
        self.connection.call("POST", KINDS["Deployment"].path(namespace), body=body)
        serving = {"apiVersion": "v1", **service(name)}
        self.connection.call("POST", KINDS["Service"].path(namespace), body=serving)


class Observer:
    """When each node's notice and fence, and each pod's label of a handoff, were first seen in a watch."""

    def __init__(self, kubeconfig: Path) -> None:
        self.noticed: dict[str, float] = {}
        self.fenced: dict[str, float] = {}
        self.detached: dict[tuple[str, str], float] = {}
        self._connection = connect(kubeconfig)
        for path, see in (("/api/v1/nodes", self._node), ("/api/v1/pods", self._pod)):
            threading.Thread(target=self._follow, args=(path, see), daemon=True).start()

    def forget(self) -> None:
        for each in (self.noticed, self.fenced, self.detached):
            each.clear()

    def latencies_ms(self, nodes: Iterable[str]) -> list[float]:
        """From notice to fence, in order."""
        return sorted((self.fenced[node] - self.noticed[node]) * 1000 for node in nodes)

    def rate(self) -> float:
        """Pods detached in a second, from the first to the last."""
        times = sorted(self.detached.values())
        return (len(times) - 1) / (times[-1] - times[0])

    def _follow(self, path: str, see: Any) -> None:
        """A watcher that is too slow for a busy server is cut off, and lists anew."""
        while True:
            with suppress(SpotError):
                answer = self._connection.call("GET", path)
                for item in answer["items"]:
                    see(item, time.monotonic())
                query = {"resourceVersion": answer["metadata"]["resourceVersion"]}
                for what, item in self._connection.watch(path, query=query, quiet_seconds=600):
                    if what != "DELETED":
                        see(item, time.monotonic())
            time.sleep(0.1)

    def _node(self, node: JsonMap, now: float) -> None:
        name = node["metadata"]["name"]
        if names.METADATA in pods.notes(node):
            self.noticed.setdefault(name, now)
        if any(each["key"] == names.INTERRUPTED for each in node["spec"].get("taints") or []):
            self.fenced.setdefault(name, now)

    def _pod(self, pod: JsonMap, now: float) -> None:
        if names.HANDOFF in pods.labels(pod):
            self.detached.setdefault(pods.key(pod), now)

"""What a kubelet would write: the API server of these tests has no nodes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from deployer.kube import JsonMap, Kube, Missing
from deployer.kube.objects import path

DEADLINE_SECONDS = 300.0
Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None]) -> Found:
    """The first truthy answer; the controllers need their time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it never came to pass")


class Kubelet:
    """Writes pods' statuses as a node's kubelet does."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube, self._namespace = kube, namespace

    def pods(self, **labels: str) -> list[JsonMap]:
        return self._kube.find("Pod", self._namespace, labels=labels)

    def announce(self, node: str) -> None:
        """The Node is ready."""
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        self._kube._connection.call(
            "PATCH",
            path("Node", None, node) + "/status",
            "write a status",
            body={"status": ready},
            content_type="application/merge-patch+json",
        )
        self._kube.merge("Node", None, node, {"spec": {"taints": None}})

    def bind(self, pod: JsonMap, node: str = "node-1") -> None:
        """The scheduler's decision."""
        name = pod["metadata"]["name"]
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        where = path("Pod", self._namespace, name) + "/binding"
        self._kube._connection.call("POST", where, "bind", body=binding)

    def evict(self, pod: JsonMap) -> None:
        """Not a kubelet's, but what drains a node: the pod is asked to end within its grace."""
        metadata = {"name": pod["metadata"]["name"], "namespace": self._namespace}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        where = path("Pod", self._namespace, metadata["name"]) + "/eviction"
        self._kube._connection.call("POST", where, "evict", body=eviction)

    def remove(self, pod: JsonMap) -> None:
        """A pod whose containers have ended is gone at once, if its controller has not removed it before."""
        where = path("Pod", self._namespace, pod["metadata"]["name"])
        with suppress(Missing):
            self._kube._connection.call("DELETE", where, "remove", body={"gracePeriodSeconds": 0})

    def write(self, pod: JsonMap, **status: Any) -> None:
        where = path("Pod", self._namespace, pod["metadata"]["name"]) + "/status"
        self._kube._connection.call(
            "PATCH",
            where,
            "write a status",
            body={"status": status},
            content_type="application/merge-patch+json",
        )


def container(name: str, **state: Any) -> JsonMap:
    """A container's status; `state` is running, waiting or terminated, and what else stands beside it."""
    phases = {key: state.pop(key) for key in ("running", "waiting", "terminated") if key in state}
    return {
        "name": name,
        "image": "i",
        "imageID": "i",
        "ready": False,
        "restartCount": 0,
        "state": phases,
        **state,
    }

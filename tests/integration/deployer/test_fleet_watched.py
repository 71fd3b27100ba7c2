"""The fleet follows a real API server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deployer.errors import PermanentError
from deployer.fleet import FleetWatch, read_fleet
from deployer.kube import JsonMap, Kube
from deployer.kube.connection import Connection
from tests.integration.deployer.kubelet import DEADLINE_SECONDS


class Fleet(Kube):
    """Of a cluster in which what other tests have left still goes, only what is called a fleet's."""

    def listed(self, kind: str) -> tuple[list[JsonMap], str]:
        items, version = super().listed(kind)
        return [item for item in items if _is_ours(item)], version

    def watch(self, kind: str, version: str, **more: Any) -> Iterator[tuple[str, JsonMap]]:
        yield from ((what, item) for what, item in super().watch(kind, version, **more) if _is_ours(item))


def _is_ours(item: JsonMap) -> bool:
    # A bookmark has no name.
    return str(item["metadata"].get("name", "fleet-")).startswith("fleet-")


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.05)


def node(name: str, **labels: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def pod(name: str, on: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"madang.dev/project": "blog"}},
        "spec": {"nodeName": on, "containers": [{"name": "app", "image": "blog"}]},
    }


def test_what_comes_changes_and_goes_is_seen_without_another_list(kube: Kube) -> None:
    watch = FleetWatch(Fleet.from_environment())
    assert watch.look(DEADLINE_SECONDS) is not None
    kube.create(node("fleet-1", **{"karpenter.sh/capacity-type": "spot"}))
    # Without it no pod is let in; a cluster that has just been made gets it from its controllers.
    until(lambda: kube.get("ServiceAccount", "default", "default") is not None)
    kube.create(pod("fleet-pod", "fleet-1"))
    until(lambda: any(each.name == "fleet-pod" for each in watch.look().pods))  # type: ignore[union-attr]
    until(lambda: watch.look().node("fleet-1") is not None)  # type: ignore[union-attr]
    seen = watch.look()
    assert seen is not None
    found = seen.node("fleet-1")
    assert found is not None
    assert found.is_spot
    before = watch.version
    kube.merge("Node", None, "fleet-1", {"metadata": {"annotations": {"madang.dev/other": "nothing shown"}}})
    kube.merge("Node", None, "fleet-1", {"metadata": {"labels": {"topology.kubernetes.io/zone": "z"}}})
    until(lambda: watch.look().node("fleet-1").zone == "z")  # type: ignore[union-attr]
    assert watch.version == before + 1
    kube.delete("Pod", "default", "fleet-pod")
    kube.delete("Node", None, "fleet-1")
    until(lambda: watch.look().node("fleet-1") is None)  # type: ignore[union-attr]
    assert watch.trouble is None


def test_a_watch_that_nobody_wants_ends_and_begins_anew_when_somebody_does(kube: Kube) -> None:
    watch = FleetWatch(kube, rest_seconds=0.2)
    # A thread that begins too late has nothing to do any more, until it is asked again.
    until(lambda: watch.look(1) is not None)
    kube.create(node("fleet-2"))
    until(lambda: read_fleet(kube).node("fleet-2") is not None)
    until(lambda: (seen := watch.look(1)) is not None and seen.node("fleet-2") is not None)
    kube.delete("Node", None, "fleet-2")


def test_a_cluster_that_lets_nobody_look_is_told(kube: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        from deployer.errors import Explanation

        raise PermanentError(Explanation("kubernetes-forbidden", "No.", "HTTP 403", "Check the role."))

    monkeypatch.setattr(Connection, "call", refuse)
    watch = FleetWatch(kube)
    assert watch.look(DEADLINE_SECONDS) is None
    assert watch.trouble is not None
    assert watch.trouble.reason == "kubernetes-forbidden"

"""Visitors' way to a project on a real API server, whose controllers make the endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deployer.errors import PermanentError
from deployer.kube import Conflict, Kube
from deployer.rollout import RolloutOutcome, manifests, names
from deployer.rollout.endpoints import ready_addresses
from deployer.rollout.fencing import over
from deployer.rollout.way import Way
from tests.integration.deployer.kubelet import eventually
from tests.integration.deployer.test_rollouts import Scene, end, ingress, scene, staying

__all__ = ["scene"]


@pytest.fixture(autouse=True)
def node(kube: Kube) -> Iterator[None]:
    """No pod is an endpoint whose node nobody knows."""
    kube.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}})
    yield
    kube.delete("Node", None, "node-1")


def refused(way: Way, scene: Scene) -> bool:
    with pytest.raises(PermanentError) as error:
        way.lead(scene.order, at_once=True)
    return error.value.explanation.reason == "superseded"


def test_visitors_come_with_the_first_ready_copy_go_with_a_halt_and_come_back(scene: Scene) -> None:
    order = replace(scene.order, replicas=2)
    with ingress([503, 503, 200]) as (url, _):
        scene.settings = replace(scene.settings, ingress_probe_url=url)
        scene.rollouts.apply(order)
        _, outcomes, thread = scene.follow(order)
        first, second = eventually(lambda: found if len(found := staying(scene)) == 2 else None)
        assert scene.hosts == []
        scene.kubelet.bind(first)
        scene.serve(first)
        eventually(lambda: scene.hosts == [order.hostname])
        assert not outcomes
        scene.kubelet.bind(second)
        scene.serve(second)
        assert end(thread, outcomes) == RolloutOutcome("live")
        scene.rollouts.halt(replace(order, fence=8))
        assert scene.hosts == []
        way = Way(scene.kube, scene.settings)
        assert refused(way, scene)
        for pod in scene.kubelet.pods(**{names.PROJECT: "blog"}):
            scene.kubelet.remove(pod)
        eventually(lambda: not staying(scene))
        # What the pods' addresses say is a moment older than the pods.
        eventually(lambda: not ready_addresses(scene.kube, scene.namespace, "blog"))
        again = replace(order, fence=9)
        scene.rollouts.apply(again)
        assert scene.hosts == []
        _, outcomes, thread = scene.follow(again)
        for pod in eventually(lambda: found if len(found := staying(scene)) == 2 else None):
            scene.kubelet.bind(pod)
            scene.serve(pod)
        assert end(thread, outcomes) == RolloutOutcome("live")
    assert scene.hosts == [order.hostname]


def test_what_was_read_before_a_newer_rollout_is_neither_deleted_nor_made_anew(scene: Scene) -> None:
    scene.rollouts.apply(scene.order)
    scene.become_ready(3)
    eventually(lambda: scene.rollouts.apply(scene.order) or scene.hosts)
    read = scene.kube.get("Ingress", scene.namespace, "blog")
    assert read is not None
    scene.rollouts.apply(replace(scene.order, fence=8))
    version = read["metadata"]["resourceVersion"]
    with pytest.raises(Conflict):
        scene.kube.delete("Ingress", scene.namespace, "blog", version=version)
    assert scene.hosts == [scene.order.hostname]
    scene.rollouts.halt(replace(scene.order, fence=9))
    assert scene.kube.delete("Ingress", scene.namespace, "blog", version=version) is False
    with pytest.raises(Conflict):
        scene.kube.apply(over(manifests.ingress(scene.order, scene.settings), read))
    assert scene.hosts == []

"""What cannot have a second one beside it, or belongs to nobody who asked: evicted, and its gap told."""

from __future__ import annotations

import time
from typing import Any

import pytest

from spot import names, pods
from spot.kube.kinds import KINDS
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, end, eventually, service

pytestmark = pytest.mark.usefixtures("controller")

# So long nothing serves, at least; and the handler's look may be as much older than what it saw.
GAP_SECONDS, LOOK_SECONDS = 3.0, 1.0


def only_pod(record: dict[str, Any]) -> dict[str, Any]:
    (left,) = record["pods"]
    return dict(left)


def moved_with_a_gap(stage: Stage, doomed: str, name: str) -> tuple[str, float]:
    """The node that serves in the end, and takes no pod before nothing has served for a while; and when."""
    spare, began = stage.node("spare"), time.monotonic()
    stage.hold(spare)
    stage.interrupt(doomed)
    stage.wait_gap(doomed, GAP_SECONDS)
    stage.release(spare)
    stage.wait_clear(doomed)
    stage.wait_serving(name, 1)
    return spare, began


@pytest.mark.parametrize(
    ("reason", "more"),
    [
        ("recreate", {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}),
        ("max-surge-0", {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}}),
        ("host-port", {"container": {"ports": [{"containerPort": 80, "hostPort": 80}]}}),
    ],
)
def test_a_deployment_that_allows_no_second_pod(
    stage: Stage, portal: PlayedPortal, reason: str, more: dict[str, Any]
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", **more)
    spare, began = moved_with_a_gap(stage, doomed, "blog")
    left = only_pod(end(stage, portal, doomed))
    assert (left["way"], left["state"], left["gap_reason"]) == ("evict", "retired", reason)
    assert GAP_SECONDS - LOOK_SECONDS < left["gap_seconds"] < time.monotonic() - began
    assert left["replacement_node"] == spare


def test_a_service_that_selects_by_the_hash(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    hashed = pods.labels(stage.pods("blog")[0])[names.HASH]
    pinned = service("pinned", {"app": "blog", names.HASH: hashed})
    stage.create(f"/api/v1/namespaces/{stage.namespace}/services", pinned)
    stage.wait_serving("pinned", 1)
    stage.node("spare")
    stage.interrupt(doomed)
    stage.wait_clear(doomed)
    stage.wait_serving("blog", 1)
    left = only_pod(end(stage, portal, doomed))
    assert (left["way"], left["gap_reason"]) == ("evict", "selected-by-hash")


def test_a_stateful_set_with_a_volume_of_one_node(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    claim = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "resources": {"requests": {"storage": "1Mi"}},
        },
    }
    volume = {
        "kind": "PersistentVolume",
        "metadata": {"name": f"{stage.namespace}-data"},
        "spec": {
            "capacity": {"storage": "1Mi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/nowhere"},
            "claimRef": {"namespace": stage.namespace, "name": "data-store-0"},
        },
    }
    stage.create("/api/v1/persistentvolumes", volume)
    spec = {
        "replicas": 1,
        "serviceName": "store",
        "selector": {"matchLabels": {"app": "store"}},
        "template": stage.template("store"),
        "volumeClaimTemplates": [claim],
    }
    path = f"/apis/apps/v1/namespaces/{stage.namespace}/statefulsets"
    stage.create(path, {"kind": "StatefulSet", "metadata": {"name": "store"}, "spec": spec})
    stage.create(f"/api/v1/namespaces/{stage.namespace}/services", service("store"))
    stage.wait_serving("store", 1)
    spare, began = moved_with_a_gap(stage, doomed, "store")
    left = only_pod(end(stage, portal, doomed))
    assert (left["way"], left["owner"], left["gap_reason"]) == ("evict", "StatefulSet/store", "statefulset")
    assert GAP_SECONDS - LOOK_SECONDS < left["gap_seconds"] < time.monotonic() - began
    assert [pods.node(pod) for pod in stage.pods("store")] == [spare]
    stage.delete(f"/api/v1/persistentvolumes/{stage.namespace}-data")


@pytest.fixture
def foreign(stage: Stage) -> Stage:
    """The same stage in a namespace that is nobody's of Madang."""
    stage.namespace = stage.namespace.replace("club-", "shop-")
    stage.create("/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": stage.namespace}})
    return stage


def test_somebody_elses_deployment_is_evicted(foreign: Stage, portal: PlayedPortal) -> None:
    doomed = foreign.node("doomed")
    foreign.deploy("shop")
    foreign.node("spare")
    foreign.interrupt(doomed)
    foreign.wait_clear(doomed)
    foreign.wait_serving("shop", 1)
    left = only_pod(end(foreign, portal, doomed))
    assert (left["way"], left["gap_reason"]) == ("evict", "not-opted-in")


def test_somebody_elses_deployment_that_asks_for_it_is_handed_off(
    foreign: Stage, portal: PlayedPortal
) -> None:
    doomed = foreign.node("doomed")
    label, value = names.OPT_IN
    foreign.deploy("shop", labels={label: value})
    foreign.node("spare")
    with foreign.watch("shop") as seen:
        foreign.interrupt(doomed)
        foreign.wait_clear(doomed)
        left = only_pod(end(foreign, portal, doomed))
    assert seen.least == 1
    assert (left["way"], left["gap_seconds"]) == ("handoff", 0)


def test_what_belongs_to_the_node_stays_with_it(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    spec = {
        "selector": {"matchLabels": {"app": "agent"}},
        "template": stage.template("agent", pod={"tolerations": [{"operator": "Exists"}]}),
    }
    path = f"/apis/apps/v1/namespaces/{stage.namespace}/daemonsets"
    stage.create(path, {"kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": spec})
    mirror = stage.template("proxy")
    mirror["metadata"] |= {
        "name": "proxy",
        "annotations": {"kubernetes.io/config.mirror": "x", "kubernetes.io/config.source": "file"},
    }
    node = stage.get("Node", doomed)
    owner = {"apiVersion": "v1", "kind": "Node", "name": doomed, "uid": node["metadata"]["uid"]}
    mirror["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    mirror["spec"]["nodeName"] = doomed
    stage.create(KINDS["Pod"].path(stage.namespace), {"kind": "Pod", **mirror})
    eventually(lambda: len(stage.pods_on(doomed)) == 2)
    before = {pods.uid(pod) for pod in stage.pods_on(doomed)}
    stage.interrupt(doomed)
    stage.wait_clear(doomed)
    assert {pods.uid(pod) for pod in stage.pods_on(doomed)} == before
    record = end(stage, portal, doomed)
    assert record["pods"] == []

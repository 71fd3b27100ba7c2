"""How each kind of pod leaves, and why not otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from spot import names
from spot.handoff.way import Scope, Standing, Way, way_of
from tests.unit.spot.handoff.objects import HASH, around, deployment, pod, replicaset, service

SCOPE = Scope(frozenset({"madang"}), "madang-builds")


def way(one: dict[str, Any], **more: Any) -> Standing:
    return way_of(one, around(*more.pop("services", [service()]), **more), SCOPE)


def test_a_clubs_deployment_is_handed_off() -> None:
    assert way(pod()) == Standing(Way.HANDOFF, "", deployment())


def test_a_detached_pod_still_is_though_no_replicaset_owns_it() -> None:
    assert way(pod(detached=True)).way is Way.HANDOFF


def test_a_detached_pod_of_another_deployment_of_the_same_name_is_nobodys() -> None:
    one = pod(detached=True)
    one["metadata"]["ownerReferences"][0]["uid"] = "another"
    assert way(one) == Standing(Way.EVICT, "unmanaged")


@pytest.mark.parametrize(
    "one",
    [
        pod(owner=("DaemonSet", "agent")),
        pod(owner=("Node", "doomed")),
        pod(owner=None, notes={"kubernetes.io/config.mirror": "x"}),
        pod(labels={names.HEADROOM: "true"}),
        pod(labels={names.IMAGE_AHEAD: "true"}),
    ],
)
def test_what_belongs_to_the_node_or_only_holds_a_place_is_left(one: dict[str, Any]) -> None:
    assert way(one).way is Way.LEAVE


def test_a_job_is_a_build_in_the_builds_namespace_only() -> None:
    assert way(pod(owner=("Job", "build-1"), namespace="madang-builds")) == Standing(Way.BUILD, "build")
    assert way(pod(owner=("Job", "cron-1"))) == Standing(Way.BUILD, "job")


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        (("StatefulSet", "store"), "statefulset"),
        (None, "unmanaged"),
        (("ReplicaSet", "unknown"), "no-deployment"),
        (("Tenant", "x"), "no-deployment"),
    ],
)
def test_without_a_deployment_it_is_evicted(owner: tuple[str, str] | None, reason: str) -> None:
    assert way(pod(owner=owner)) == Standing(Way.EVICT, reason)


def test_a_replicaset_that_nobody_owns_is_no_deployment() -> None:
    alone = replicaset()
    alone["metadata"]["ownerReferences"] = []
    assert way(pod(), sets=[alone]) == Standing(Way.EVICT, "no-deployment")


@pytest.mark.parametrize(
    ("namespace", "labels", "expected"),
    [
        ("club-chess", {}, Way.HANDOFF),
        ("madang", {}, Way.HANDOFF),
        ("shop", {}, Way.EVICT),
        ("shop", dict([names.OPT_IN]), Way.HANDOFF),
        ("shop", {names.OPT_IN[0]: "disabled"}, Way.EVICT),
        ("club-chess", {names.OPT_IN[0]: "disabled"}, Way.EVICT),
        ("clubs", {}, Way.EVICT),
    ],
)
def test_whose_pods_are_handed_off(namespace: str, labels: dict[str, str], expected: Way) -> None:
    of = deployment(namespace=namespace, labels=labels)
    stands = way(pod(namespace=namespace), of=of)
    assert stands.way is expected
    assert stands.reason == ("" if expected is Way.HANDOFF else "not-opted-in")


CLAIM = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
PORT = {"containers": [{"name": "app", "ports": [{"containerPort": 80, "hostPort": 80}]}]}


@pytest.mark.parametrize(
    ("one", "of", "reason"),
    [
        (pod(), deployment(strategy={"type": "Recreate"}), "recreate"),
        (pod(), deployment(strategy={"rollingUpdate": {"maxSurge": 0}}), "max-surge-0"),
        (pod(), deployment(strategy={"rollingUpdate": {"maxSurge": "0%"}}), "max-surge-0"),
        (pod(), deployment(strategy={"rollingUpdate": {"maxSurge": "25%"}}), ""),
        (pod(spec=CLAIM), deployment(), "volume"),
        (pod(spec=PORT), deployment(), "host-port"),
        (pod(hashed=None), deployment(), "selected-by-hash"),
    ],
)
def test_what_may_have_no_second_one_beside_it(one: dict[str, Any], of: dict[str, Any], reason: str) -> None:
    assert way(one, of=of).reason == reason


def test_a_volume_that_several_nodes_mount_is_no_hindrance() -> None:
    assert way(pod(spec=CLAIM), shared=["data"]).way is Way.HANDOFF


def test_a_detached_pod_goes_on_whatever_its_deployment_has_become() -> None:
    for of in (deployment(strategy={"type": "Recreate"}), deployment(labels={names.OPT_IN[0]: "disabled"})):
        assert way(pod(detached=True), of=of).way is Way.HANDOFF


@pytest.mark.parametrize(
    "more",
    [
        {"services": [service(), service("pinned", **{names.HASH: HASH})]},
        {"budgets": [{"spec": {"selector": {"matchLabels": {"app": "blog", names.HASH: HASH}}}}]},
        {
            "budgets": [
                {"spec": {"selector": {"matchExpressions": [{"key": names.HASH, "operator": "Exists"}]}}}
            ]
        },
        {"policies": [{"spec": {"podSelector": {"matchLabels": {names.HASH: HASH}}}}]},
    ],
)
def test_what_selects_it_by_its_hash_would_lose_it(more: dict[str, Any]) -> None:
    assert way(pod(), **more) == Standing(Way.EVICT, "selected-by-hash", deployment())


def test_what_selects_another_by_its_hash_does_not() -> None:
    others = [service(), service("pinned", **{names.HASH: "other"})]
    assert way(pod(), services=others).way is Way.HANDOFF

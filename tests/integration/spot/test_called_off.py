"""An end that never comes: everything is as before."""

from __future__ import annotations

from spot import names, pods
from tests.integration.spot.conftest import Led
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, eventually


def cancelled(portal: PlayedPortal, node: str) -> bool:
    record = portal.of(node)
    return record is not None and record["state"] == "cancelled"


def test_a_rebalance_that_nothing_follows_leaves_the_pods_as_they_are(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    node = stage.node("safe")
    stage.deploy("blog", replicas=2)
    stage.node("spare")
    before = {pods.uid(pod) for pod in stage.pods("blog")}
    with led(), stage.watch("blog") as seen:
        stage.rebalance(node)
        eventually(lambda: names.AT_RISK in stage.taints(node))
        stage.rebalance(node, over=True)
        stage.wait_nothing_left()
        eventually(lambda: cancelled(portal, node))
    assert seen.least == 2
    assert {pods.uid(pod) for pod in stage.pods("blog")} == before


def test_a_rebalance_ends_by_itself_after_its_hold(stage: Stage, portal: PlayedPortal, led: Led) -> None:
    node = stage.node("safe")
    stage.deploy("blog")
    with led(rebalance_hold_seconds=3):
        stage.rebalance(node)
        eventually(lambda: cancelled(portal, node))
        stage.wait_nothing_left()
        # The agent's annotation still tells the same rebalance: it begins nothing anew.
        other = stage.node("other")
        stage.rebalance(other)
        eventually(lambda: cancelled(portal, other))
        stage.wait_nothing_left()
    assert len([each for each in portal.records.values() if each["node"] == node]) == 1


def test_pods_that_moved_at_a_rebalance_get_their_hash_back_and_the_extra_goes(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    node = stage.node("safe")
    stage.deploy("blog", replicas=2)
    before = {pods.uid(pod) for pod in stage.pods("blog")}
    with led(move_at_rebalance=True), stage.watch("blog") as seen:
        # Nowhere else to go yet: they wait, detached.
        stage.rebalance(node)
        eventually(lambda: sum(names.HANDOFF in pods.labels(pod) for pod in stage.pods("blog")) == 2)
        stage.rebalance(node, over=True)
        stage.wait_nothing_left()
        eventually(lambda: len(stage.pods("blog")) == 2)
        eventually(lambda: cancelled(portal, node))
    assert seen.least == 2
    assert {pods.uid(pod) for pod in stage.pods("blog")} == before
    record = portal.of(node)
    assert record is not None
    assert [each["state"] for each in record["pods"]] == ["restored", "restored"]
    owners = {pods.controller(pod)["kind"] for pod in stage.pods("blog")}
    assert owners == {"ReplicaSet"}


def test_a_maintenance_that_is_called_off_takes_back_what_was_begun(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    node = stage.node("safe")
    stage.deploy("blog")
    before = {pods.uid(pod) for pod in stage.pods("blog")}
    with led(maintenance_lead_seconds=600), stage.watch("blog") as seen:
        stage.maintain(node, seconds=3600)
        eventually(lambda: names.AT_RISK in stage.taints(node))
        stage.maintain(node, seconds=300)
        stage.wait_detached("blog")
        stage.maintain(node, seconds=300, over=True)
        stage.wait_nothing_left()
        eventually(lambda: cancelled(portal, node))
        eventually(lambda: len(stage.pods("blog")) == 1)
    assert seen.least == 1
    assert {pods.uid(pod) for pod in stage.pods("blog")} == before


def test_what_their_owners_set_stays_when_all_is_taken_back(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    node = stage.node("safe")
    stage.deploy("blog", notes={names.DO_NOT_DISRUPT: "true"})
    stage.deploy("shop", notes={names.DO_NOT_DISRUPT: "30m"})
    stage.deploy("wiki")
    with led(move_at_rebalance=True):
        stage.rebalance(node)
        for app in ("blog", "shop", "wiki"):
            assert pods.notes(stage.wait_detached(app))[names.DO_NOT_DISRUPT] == "true"
        stage.rebalance(node, over=True)
        eventually(lambda: cancelled(portal, node))
        eventually(lambda: not any(names.HANDOFF in pods.labels(pod) for pod in stage.pods()))
    said = {
        app: {pods.notes(pod).get(names.DO_NOT_DISRUPT) for pod in stage.pods(app)}
        for app in ("blog", "shop", "wiki")
    }
    assert said == {"blog": {"true"}, "shop": {"30m"}, "wiki": {None}}


def test_a_node_that_an_operator_took_out_of_service_stays_out_of_it(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    theirs = {"key": names.OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}
    node = stage.node("safe")
    stage.patch(f"/api/v1/nodes/{node}", {"spec": {"taints": [theirs]}})
    with led(move_at_rebalance=True):
        stage.rebalance(node)
        eventually(lambda: names.INTERRUPTED in stage.taints(node))
        assert names.OUT_OF_SERVICE in stage.taints(node)
        stage.rebalance(node, over=True)
        eventually(lambda: cancelled(portal, node))
        stage.wait_nothing_left()
    taints = stage.get("Node", node)["spec"]["taints"]
    assert [(each["key"], each["value"]) for each in taints] == [(names.OUT_OF_SERVICE, "nodeshutdown")]


def test_an_interruption_is_not_called_off_by_the_end_of_a_rebalance(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    spare = stage.node("spare")
    stage.hold(spare)
    with led(), stage.watch("blog") as seen:
        stage.rebalance(doomed)
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        stage.rebalance(doomed, over=True)
        stage.release(spare)
        stage.wait_clear(doomed)
        stage.lose(doomed)
        stage.wait_nothing_left()
    assert seen.least == 1

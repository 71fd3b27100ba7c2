"""What a node's end costs the visitors of what stands on it: nothing, if it is said in time."""

from __future__ import annotations

import time

import pytest

from spot import names, pods
from tests.integration.spot.played_kubelets import DEAF
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, end, eventually

pytestmark = pytest.mark.usefixtures("controller")


def test_a_sole_replica_moves(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    spare = stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
        stage.wait_serving("blog", 1)
    assert seen.least == 1
    (left,) = record["pods"]
    assert (left["way"], left["state"], left["gap_seconds"]) == ("handoff", "retired", 0)
    assert left["replacement_node"] == spare
    assert left["detached_at"] <= left["unserved_at"] <= left["retired_at"] <= record["gone_at"]
    assert [pods.node(pod) for pod in stage.pods("blog")] == [spare]
    assert stage.get("Deployment", "blog")["spec"]["replicas"] == 1


def test_three_replicas_on_one_node_move(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", replicas=3)
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
        stage.wait_serving("blog", 3)
    assert seen.least == 3
    assert [each["gap_seconds"] for each in record["pods"]] == [0, 0, 0]


def test_a_rebalance_moves_nothing_until_the_interruption_follows(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.rebalance(doomed)
        eventually(lambda: names.AT_RISK in stage.taints(doomed))
        assert not any(names.HANDOFF in pods.labels(pod) for pod in stage.pods("blog"))
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        assert names.INTERRUPTED in stage.taints(doomed)
        record = end(stage, portal, doomed)
    assert seen.least == 1
    assert record["kind"] == "spot-interruption"
    assert len([each for each in portal.records.values() if each["node"] == doomed]) == 1


def test_a_rebalance_and_the_interruption_at_once_are_one(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.rebalance(doomed)
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
    assert seen.least == 1
    assert len([each for each in portal.records.values() if each["node"] == doomed]) == 1


def test_two_nodes_at_once(stage: Stage, portal: PlayedPortal) -> None:
    first, second = stage.node("first"), stage.node("second")
    spread = {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": "blog"}},
            }
        ]
    }
    stage.wait_scheduler()
    stage.deploy("blog", replicas=4, pod=spread)
    assert {pods.node(pod) for pod in stage.pods("blog")} == {first, second}
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(first)
        stage.interrupt(second, seconds=605)
        stage.wait_clear(first)
        stage.wait_clear(second)
        end(stage, portal, first, second)
        stage.wait_serving("blog", 4)
    assert seen.least == 4


def test_five_times_the_same_notice_are_one_interruption(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    with stage.watch("blog") as seen:
        for later in range(5):
            stage.interrupt(doomed, seconds=600 + later / 10)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
    assert seen.least == 1
    assert len([each for each in portal.records.values() if each["node"] == doomed]) == 1


def test_a_notice_that_comes_thirty_seconds_late_is_still_in_time(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed, seconds=570, ago=30)
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
    assert seen.least == 1
    assert record["pods"][0]["gap_seconds"] == 0


def test_of_a_node_that_hibernates_at_once_the_replacement_is_under_way_at_once(
    stage: Stage, portal: PlayedPortal
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    spare, began = stage.node("spare"), time.monotonic()
    stage.hold(spare)
    stage.interrupt(doomed, action="hibernate")
    stage.wait_gap(doomed, seconds=3)
    # It is there while nothing serves any more: it was asked for before the old pod ended.
    replacement = eventually(lambda: [pods.uid(pod) for pod in stage.pods_on(spare)])
    stage.release(spare)
    stage.wait_clear(doomed)
    record = end(stage, portal, doomed)
    stage.wait_serving("blog", 1)
    (left,) = record["pods"]
    assert left["detached_at"] and left["gap_reason"] == "replacement-late"
    assert 2 < left["gap_seconds"] < time.monotonic() - began
    assert [pods.uid(pod) for pod in stage.pods("blog")] == replacement


def test_an_annotation_speaks_only_for_its_own_instance(stage: Stage) -> None:
    liar, other = stage.node("liar"), stage.node("other")
    stage.deploy("blog", replicas=2)
    stage.instances[liar], mine = stage.instances[other], stage.instances[liar]
    stage.interrupt(liar)
    stage.instances[liar] = mine
    honest = stage.node("honest")
    stage.rebalance(honest)
    eventually(lambda: stage.node_state(honest))
    assert stage.node_state(liar) == stage.node_state(other) == {}


def test_a_pod_that_does_not_hear_sigterm_keeps_its_grace(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", notes={DEAF: "true"}, grace_seconds=6)
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
    assert seen.least == 1
    assert record["pods"][0]["gap_seconds"] == 0


def test_a_replacement_serves_for_min_ready_seconds_before_the_old_pod_goes(
    stage: Stage, portal: PlayedPortal
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", spec={"minReadySeconds": 4})
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
    assert seen.least == 1
    (left,) = record["pods"]
    assert left["unserved_at"] >= left["ready_at"]

"""A maintenance whose date moves, or that has none: pods leave when it comes, and not before."""

from __future__ import annotations

from spot import names, pods
from tests.integration.spot.conftest import Led
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, end, eventually

HOURS = 3600


def handed_off(stage: Stage) -> bool:
    return any(names.HANDOFF in pods.labels(pod) for pod in stage.pods())


def reasons(stage: Stage, node: str) -> list[str]:
    """Of the Node's Events, in the order in which they were told."""
    query = {"fieldSelector": f"involvedObject.kind=Node,involvedObject.name={node}"}
    found = stage.connection.call("GET", "/api/v1/namespaces/default/events", query=query)["items"]
    return [
        each["reason"] for each in sorted(found, key=lambda each: int(each["metadata"]["resourceVersion"]))
    ]


def test_a_maintenance_that_is_put_off_gives_the_pods_back_and_moves_them_when_it_comes(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    node = stage.node("safe")
    stage.deploy("blog", replicas=2)
    before = {pods.uid(pod) for pod in stage.pods("blog")}
    with led(maintenance_lead_seconds=600), stage.watch("blog") as seen:
        # Nowhere else to go yet: they wait, detached.
        stage.maintain(node, seconds=300)
        eventually(lambda: sum(names.HANDOFF in pods.labels(pod) for pod in stage.pods("blog")) == 2)
        stage.maintain(node, seconds=5 * HOURS)
        eventually(lambda: not handed_off(stage) and len(stage.pods("blog")) == 2)
        assert {pods.uid(pod) for pod in stage.pods("blog")} == before
        assert {pods.controller(pod)["kind"] for pod in stage.pods("blog")} == {"ReplicaSet"}
        # As any node whose maintenance is hours away: it takes pods if no other can.
        eventually(lambda: stage.taints(node) == {names.AT_RISK})
        told = eventually(lambda: portal.of(node, "fenced"), "the portal's word that it waits")
        eventually(lambda: "SpotPutOff" in reasons(stage, node))
        spare = stage.node("spare")
        stage.maintain(node, seconds=300)
        stage.wait_clear(node)
        stage.wait_serving("blog", 2)
        record = end(stage, portal, node)
    assert seen.least == 2
    assert record["id"] == told["id"]
    assert [each["state"] for each in record["pods"] if each["uid"] in before] == ["retired", "retired"]
    assert {pods.node(pod) for pod in stage.pods("blog")} == {spare}


def test_a_maintenance_without_a_date_moves_nothing_until_it_has_one(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    node = stage.node("safe")
    stage.deploy("blog")
    stage.node("spare")
    other = stage.node("other")
    with led(maintenance_lead_seconds=600), stage.watch("blog") as seen:
        stage.maintain(node, seconds=None)
        waits = eventually(lambda: portal.of(node, "fenced"), "the portal's word that it waits")
        # Many looks later nothing has come of it.
        stage.interrupt(other)
        eventually(lambda: portal.of(other, "clear"))
        assert waits["deadline"] is None and stage.taints(node) == {names.AT_RISK}
        assert not handed_off(stage)
        stage.maintain(node, seconds=300)
        stage.wait_clear(node)
        end(stage, portal, node, other)
    assert seen.least == 1


def test_a_maintenance_that_is_put_off_without_a_date_is_not_called_off(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    node = stage.node("safe")
    stage.deploy("blog")
    with led(maintenance_lead_seconds=600), stage.watch("blog") as seen:
        stage.maintain(node, seconds=300)
        stage.wait_detached("blog")
        stage.maintain(node, seconds=None)
        eventually(lambda: stage.taints(node) == {names.AT_RISK} and not handed_off(stage))
        stage.maintain(node, seconds=None, over=True)
        stage.wait_nothing_left()
        record = eventually(lambda: portal.of(node, "cancelled"))
    assert seen.least == 1
    assert [each["state"] for each in record["pods"]] == ["restored"]


def test_a_spot_interruption_is_not_put_off(stage: Stage, portal: PlayedPortal, led: Led) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    with led(maintenance_lead_seconds=600), stage.watch("blog") as seen:
        stage.maintain(doomed, seconds=300)
        stage.interrupt(doomed)
        eventually(lambda: stage.node_state(doomed).get("kind") == "spot-interruption")
        stage.maintain(doomed, seconds=5 * HOURS)
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
    assert seen.least == 1
    assert record["kind"] == "spot-interruption"

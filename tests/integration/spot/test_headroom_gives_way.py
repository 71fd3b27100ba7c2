"""Room that is kept: a replacement takes a pause pod's place, and that one comes again with the next node."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from spot import names, pods
from spot.errors import Conflict
from spot.kube.kinds import KINDS
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, end, eventually

pytestmark = pytest.mark.usefixtures("controller")

# As the chart makes it.
LEAST: dict[str, Any] = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": "tests-headroom"},
    "value": -10,
    "preemptionPolicy": "Never",
}
CORES = 3
BIG: dict[str, Any] = {"resources": {"requests": {"cpu": "2"}}}


def keep_room(stage: Stage) -> None:
    """A unit of headroom, as the chart's Deployment has them."""
    with suppress(Conflict):
        stage.create("/apis/scheduling.k8s.io/v1/priorityclasses", LEAST)
    where = {"priorityClassName": LEAST["metadata"]["name"]}
    template = stage.template("headroom", grace_seconds=0, pod=where, container=BIG)
    template["metadata"]["labels"][names.HEADROOM] = "true"
    body = stage.deployment("headroom", spec={"template": template})
    stage.create(f"/apis/apps/v1/namespaces/{stage.namespace}/deployments", body)


def room_on(stage: Stage, node: str) -> str:
    """The uid of the unit that is ready there, or ""."""
    found = [pod for pod in stage.pods("headroom") if pods.node(pod) == node and pods.is_ready(pod)]
    return pods.uid(found[0]) if found else ""


def events(stage: Stage) -> set[str]:
    found = stage.connection.call("GET", f"/api/v1/namespaces/{stage.namespace}/events")["items"]
    return {str(each["reason"]) for each in found}


def test_headroom_makes_way_for_a_replacement_and_is_made_again_on_the_next_node(
    stage: Stage, portal: PlayedPortal
) -> None:
    doomed = stage.node("doomed", cpu=CORES)
    stage.deploy("blog", container=BIG)
    spare = stage.node("spare", cpu=CORES)
    keep_room(stage)
    first = eventually(lambda: room_on(stage, spare), "headroom")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
    assert seen.least == 1
    (left,) = record["pods"]
    assert (left["way"], left["state"], left["gap_seconds"]) == ("handoff", "retired", 0)
    assert left["replacement_node"] == spare
    # Nobody is told that there was no room: there was.
    assert (left["blocked_reason"], "HandoffBlocked" in events(stage)) == ("", False)
    waits = [pod for pod in stage.pods("headroom") if not pods.is_going(pod)]
    assert [(pods.node(pod), pods.uid(pod) != first) for pod in waits] == [("", True)]
    fresh = stage.node("fresh", cpu=CORES)
    again = eventually(lambda: room_on(stage, fresh), "headroom on the node that has come")
    assert again == pods.uid(waits[0])


def test_headroom_itself_is_not_moved_and_holds_no_node_up(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed", cpu=CORES)
    keep_room(stage)
    first = eventually(lambda: room_on(stage, doomed), "headroom")
    stage.interrupt(doomed)
    stage.wait_clear(doomed)
    assert room_on(stage, doomed) == first
    stage.node("fresh", cpu=CORES)
    record = end(stage, portal, doomed)
    assert record["pods"] == []
    eventually(lambda: [pod for pod in stage.pods("headroom") if pods.is_ready(pod)])
    path = KINDS["Deployment"].path(stage.namespace, "headroom")
    stage.delete(path, {"propagationPolicy": "Background"})

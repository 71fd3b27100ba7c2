"""Handoffs that something stands in the way of: budgets, no room, a slow cluster, a second node's end."""

from __future__ import annotations

import signal
import time
from datetime import datetime, timedelta

import pytest

from spot import names, pods
from tests.integration.apiserver import ENDPOINTS, ControlPlane
from tests.integration.spot.played_kubelets import READY_AFTER
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, budget, end, eventually

pytestmark = pytest.mark.usefixtures("controller")

# A pod's grace on these stages, and the handler's margin: what it must leave a pod before its node's end.
LATE = timedelta(seconds=3 + 5)


def moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text).replace("Z", "+00:00"))


def blocked(portal: PlayedPortal, node: str) -> str:
    record = portal.of(node)
    return next((str(each["blocked_reason"]) for each in record["pods"]), "") if record else ""


def set_budget(stage: Stage, name: str, minimum: int = 1, **selector: str) -> None:
    path = f"/apis/policy/v1/namespaces/{stage.namespace}/poddisruptionbudgets"
    stage.create(path, budget(name, selector or {"app": "blog"}, minimum))


def test_a_budget_that_allows_nobody_to_go_holds_up_nothing(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    set_budget(stage, "one")
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
    assert seen.least == 1


def test_two_budgets_on_one_pod_which_no_eviction_passes(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    # No Service selects by the second label: both budgets still see the pod once it serves no more.
    template = stage.template("blog")
    template["metadata"]["labels"]["tier"] = "web"
    stage.deploy("blog", spec={"template": template})
    set_budget(stage, "one", tier="web")
    set_budget(stage, "two", tier="web")
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        eventually(lambda: any(names.UNSERVED_AT in pods.notes(pod) for pod in stage.pods_on(doomed)))
        stage.interrupt(doomed, seconds=20)
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
    assert seen.least == 1
    (left,) = record["pods"]
    assert left["state"] == "retired"
    assert moment(left["retired_at"]) >= moment(record["deadline"]) - LATE - timedelta(seconds=1)


def test_two_budgets_hold_a_pod_that_is_not_handed_off_until_late(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", spec={"strategy": {"type": "Recreate", "rollingUpdate": None}})
    set_budget(stage, "one", 0)
    set_budget(stage, "two", 0)
    stage.node("spare")
    stage.interrupt(doomed, seconds=20)
    stage.wait_clear(doomed)
    record = end(stage, portal, doomed)
    assert record["pods"][0]["state"] == "retired"
    assert moment(record["pods"][0]["retired_at"]) >= moment(record["deadline"]) - LATE - timedelta(seconds=1)
    stage.wait_serving("blog", 1)


def test_a_budget_holds_a_pod_that_is_not_handed_off_until_late(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", spec={"strategy": {"type": "Recreate", "rollingUpdate": None}})
    set_budget(stage, "one")
    stage.node("spare")
    stage.interrupt(doomed, seconds=20)
    stage.wait_clear(doomed)
    record = end(stage, portal, doomed)
    (left,) = record["pods"]
    assert (left["way"], left["gap_reason"]) == ("evict", "recreate")
    assert left["gap_seconds"] > 0
    assert moment(left["retired_at"]) >= moment(record["deadline"]) - LATE - timedelta(seconds=1)
    stage.wait_serving("blog", 1)


def test_the_old_pod_serves_until_late_if_its_replacement_never_gets_ready(
    stage: Stage, portal: PlayedPortal
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    spare = stage.node("spare")
    stage.hold(spare)
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        stage.interrupt(doomed, seconds=20)
        eventually(lambda: seen.least == 0)
        gone_at = time.time()
        stage.wait_clear(doomed)
        stage.release(spare)
        stage.wait_serving("blog", 1)
        record = end(stage, portal, doomed)
    assert gone_at >= (moment(record["deadline"]) - LATE).timestamp() - 1
    (left,) = record["pods"]
    assert left["gap_reason"] == "replacement-late"
    assert moment(left["unserved_at"]) < moment(left["retired_at"])


def test_a_replacement_that_lands_on_a_doomed_node_is_replaced_again(
    stage: Stage, portal: PlayedPortal
) -> None:
    first = stage.node("first")
    stage.deploy("blog", notes={READY_AFTER: "2"})
    second = stage.node("second")
    with stage.watch("blog") as seen:
        stage.interrupt(first)
        eventually(lambda: stage.pods_on(second))
        stage.interrupt(second, seconds=605)
        eventually(lambda: names.INTERRUPTED in stage.taints(second))
        third = stage.node("third")
        stage.wait_clear(first)
        stage.wait_clear(second)
        end(stage, portal, first, second)
        stage.wait_serving("blog", 1)
    assert seen.least == 1
    assert [pods.node(pod) for pod in stage.pods("blog")] == [third]


def test_with_a_full_quota_the_old_pod_serves_until_late(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    quota = {"kind": "ResourceQuota", "metadata": {"name": "one"}, "spec": {"hard": {"pods": "1"}}}
    path = f"/api/v1/namespaces/{stage.namespace}/resourcequotas"
    stage.create(path, quota)
    eventually(lambda: stage.connection.call("GET", f"{path}/one").get("status", {}).get("used"))
    stage.node("spare")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        eventually(lambda: blocked(portal, doomed) == "quota")
        assert seen.least == 1
        stage.interrupt(doomed, seconds=20)
        eventually(lambda: seen.least == 0)
        gone_at = time.time()
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
        stage.wait_serving("blog", 1)
        eventually(lambda: portal.records[record["id"]]["pods"][0]["gap_seconds"])
    (left,) = portal.records[record["id"]]["pods"]
    assert left["gap_reason"] == "quota"
    assert gone_at >= (moment(record["deadline"]) - LATE).timestamp() - 1


def test_without_room_the_old_pod_serves_until_room_comes(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        eventually(lambda: blocked(portal, doomed) == "no-room")
        stage.node("spare")
        stage.wait_clear(doomed)
        record = end(stage, portal, doomed)
    assert seen.least == 1
    assert record["pods"][0]["gap_seconds"] == 0


def test_endpoints_that_lag_ten_seconds_behind_are_waited_for(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    stage.node("spare")
    endpoints = plane.processes[ENDPOINTS]
    with stage.watch("blog") as seen:
        endpoints.send_signal(signal.SIGSTOP)
        try:
            stage.interrupt(doomed)
            old = stage.wait_detached("blog")
            # The replacement is ready, and nobody has been sent to it yet.
            eventually(lambda: sum(pods.is_ready(pod) for pod in stage.pods("blog")) == 2)
            time.sleep(10)
            assert stage.get("Pod", old["metadata"]["name"])["metadata"]["labels"]["app"] == "blog"
        finally:
            endpoints.send_signal(signal.SIGCONT)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
    assert seen.least == 1

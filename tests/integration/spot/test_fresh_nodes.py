"""A fresh spot node takes its first pods once its agent is at work, so that none misses the notice."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from spot import names, pods
from spot.controller.program import LEASE, Controller
from spot.kube.kinds import EVENTS, LEASES
from spot.sources.annotation import encode
from spot.sources.seen import Seen
from tests.integration.apiserver import ControlPlane
from tests.integration.spot.conftest import Led
from tests.integration.spot.controllers import running_controller
from tests.integration.spot.faulty_proxy import Request, running_proxy
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import DEADLINE_SECONDS, HANDLER, JsonMap, Stage, end, eventually


def number(controller: Controller, state: str) -> float:
    return controller.metrics.registry.get_sample_value("madang_spot_fresh_nodes", {"state": state}) or 0.0


def events(stage: Stage, node: str) -> dict[str, str]:
    """What is told of the node, by reason."""
    query = {"fieldSelector": f"involvedObject.name={node}"}
    found = stage.connection.call("GET", EVENTS.path("default"), query=query)["items"]
    return {each["reason"]: each["message"] for each in found if each["source"]["component"] == "madang-spot"}


def opens(request: Request) -> bool:
    """A PATCH of a Node's taints alone."""
    is_node = request.method == "PATCH" and request.path.startswith("/api/v1/nodes/")
    return is_node and "spec" in request.body and "annotations" not in request.body["metadata"]


def places(stage: Stage, app: str) -> list[str]:
    return [pods.node(pod) for pod in stage.pods(app)]


def start(stage: Stage, app: str) -> None:
    """As `deploy`, but nobody waits for its pods to find a place."""
    stage.create(f"/apis/apps/v1/namespaces/{stage.namespace}/deployments", stage.deployment(app))


def wait_unschedulable(stage: Stage, app: str) -> None:
    def refused() -> bool:
        found = [pods.condition(pod, "PodScheduled") for pod in stage.pods(app)]
        return bool(found) and all("taint" in each.get("message", "") for each in found)

    eventually(refused, f"{app} waits for a place")


def test_a_fresh_node_takes_pods_once_its_agent_is_at_work(stage: Stage, controller: Controller) -> None:
    fresh = stage.node("fresh", fresh=True)
    start(stage, "blog")
    wait_unschedulable(stage, "blog")
    eventually(lambda: number(controller, "waiting") == 1, "it is counted")
    stage.begin_agent(fresh)
    eventually(lambda: places(stage, "blog") == [fresh], "blog on the fresh node")
    assert not stage.taints(fresh)
    eventually(lambda: number(controller, "waiting") == 0)
    assert events(stage, fresh) == {}


def test_a_node_that_is_called_back_before_it_was_opened_never_takes_a_pod_of_a_project(
    stage: Stage, portal: PlayedPortal, controller: Controller
) -> None:
    fresh = stage.node("fresh", fresh=True)
    start(stage, "blog")
    wait_unschedulable(stage, "blog")
    # What the agent reads first is the notice.
    stage.interrupt(fresh, seconds=30)
    eventually(lambda: stage.taints(fresh) == {names.INTERRUPTED}, "fenced, and only then opened")
    spare = stage.node("spare")
    eventually(lambda: places(stage, "blog") == [spare])
    stage.wait_clear(fresh)
    assert end(stage, portal, fresh)["pods"] == []


def test_a_word_of_another_instance_opens_no_node(stage: Stage, led: Led) -> None:
    fresh = stage.node("fresh", fresh=True)
    before = stage.node("before")
    with led():
        stage.say(fresh, encode(Seen(instance_id=stage.instances[before])))
        # What comes after it is done, so it was looked at.
        other = stage.node("other", fresh=True)
        stage.begin_agent(other)
        eventually(lambda: not stage.taints(other))
        assert stage.taints(fresh) == {names.AGENT_NOT_READY}
        stage.begin_agent(fresh)
        eventually(lambda: not stage.taints(fresh))


def test_a_node_that_is_replaced_under_its_name_waits_anew(stage: Stage, controller: Controller) -> None:
    first = stage.node("fresh", fresh=True)
    stage.begin_agent(first)
    eventually(lambda: not stage.taints(first))
    uid = stage.get("Node", first)["metadata"]["uid"]
    stage.delete(f"/api/v1/nodes/{first}")
    second = stage.node("fresh", fresh=True)
    assert second == first
    found = stage.get("Node", second)
    assert found["metadata"]["uid"] != uid
    assert names.METADATA not in pods.notes(found)
    eventually(lambda: number(controller, "waiting") == 1)
    assert stage.taints(second) == {names.AGENT_NOT_READY}
    stage.say(second, encode(Seen(instance_id=stage.instances[second])))
    eventually(lambda: not stage.taints(second))


def test_a_node_whose_agent_never_comes_is_opened_avoided_and_told(stage: Stage, led: Led) -> None:
    with led(agent_patience_seconds=2) as controller:
        fresh = stage.node("fresh", fresh=True)
        start(stage, "blog")
        eventually(lambda: stage.taints(fresh) == {names.UNHEARD}, "opened without its agent")
        # No other node has room, so it is used.
        eventually(lambda: places(stage, "blog") == [fresh])
        told = eventually(lambda: events(stage, fresh).get("SpotNodeUnheard"), "an Event")
        assert "after 2 s: its agent has said nothing" in told
        eventually(lambda: number(controller, "unheard") == 1)
        elsewhere = stage.node("elsewhere")
        stage.wait_scheduler()
        start(stage, "wiki")
        eventually(lambda: places(stage, "wiki") == [elsewhere], "an unheard node is the last choice")
        stage.begin_agent(fresh)
        eventually(lambda: not stage.taints(fresh), "avoided no more")
        eventually(lambda: "SpotNodeHeard" in events(stage, fresh))
        eventually(lambda: number(controller, "unheard") == 0)


def test_a_node_that_is_not_ready_is_waited_for(stage: Stage, led: Led) -> None:
    with led(agent_patience_seconds=0):
        slow = stage.node("slow", fresh=True)
        eventually(lambda: stage.taints(slow) == {names.UNHEARD})
        status = f"/api/v1/nodes/{slow}/status"
        stage.delete(f"/api/v1/nodes/{slow}")
        conditions: list[JsonMap] = [{"type": "Ready", "status": "False", "reason": "NoNetwork"}]
        labels = {"tests/stage": stage.namespace}
        body = {
            "kind": "Node",
            "metadata": {"name": slow, "labels": labels},
            "spec": {"taints": [{"key": names.AGENT_NOT_READY, "value": "true", "effect": "NoSchedule"}]},
        }
        stage.create("/api/v1/nodes", body)
        stage.patch(status, {"status": {"conditions": conditions}})
        marker = stage.node("marker", fresh=True)
        eventually(lambda: stage.taints(marker) == {names.UNHEARD})
        assert names.AGENT_NOT_READY in stage.taints(slow)


def test_without_agents_a_fresh_node_is_opened_at_once_and_nobody_is_alarmed(stage: Stage, led: Led) -> None:
    with led(agents=False):
        fresh = stage.node("fresh", fresh=True)
        start(stage, "blog")
        eventually(lambda: places(stage, "blog") == [fresh])
        assert not stage.taints(fresh)
        assert events(stage, fresh) == {}


def test_the_taints_of_others_stay_and_a_busy_kubelet_hinders_nobody(
    stage: Stage, controller: Controller
) -> None:
    fresh = stage.node("fresh", fresh=True)
    path = f"/api/v1/nodes/{fresh}"
    theirs = {"key": "theirs", "effect": "NoSchedule"}
    stage.patch(path, {"spec": {"taints": [*stage.get("Node", fresh)["spec"]["taints"], theirs]}})
    stage.begin_agent(fresh)
    for beat in range(20):
        stage.patch(f"{path}/status", {"status": {"capacity": {"tests/beat": str(beat)}}})
    eventually(lambda: stage.taints(fresh) == {"theirs"})
    stage.patch(path, {"spec": {"taints": None}})


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("agent", ["comes", "never comes"])
def test_killed_as_it_opens_a_node_another_goes_on(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, tmp_path: Path, agent: str, when: str
) -> None:
    patience = {"MADANG_SPOT_AGENT_PATIENCE_SECONDS": "0" if agent == "never comes" else "600"}
    fresh = stage.node("fresh", fresh=True)
    with ExitStack() as stack:
        proxy = stack.enter_context(running_proxy(plane.kubeconfig, tmp_path))
        first = stack.enter_context(running_controller(proxy.kubeconfig, portal, **patience))

        def kill(request: Request) -> None:
            if opens(request):
                first.kill()

        def kill_and_lose(request: Request) -> int | None:
            kill(request)
            return 503 if opens(request) else None

        if when == "before":
            proxy.fault = kill_and_lose
        else:
            proxy.after = kill
        if agent == "comes":
            stage.begin_agent(fresh)
        assert first.wait(DEADLINE_SECONDS) == -signal.SIGKILL
        stage.delete(LEASES.path(HANDLER, LEASE))
        stack.enter_context(running_controller(plane.kubeconfig, portal, **patience))
        wanted = {names.UNHEARD} if agent == "never comes" else set()
        eventually(lambda: stage.taints(fresh) == wanted)
        stage.begin_agent(fresh)
        eventually(lambda: not stage.taints(fresh))
        stage.deploy("blog")
    stage.delete(LEASES.path(HANDLER, LEASE))

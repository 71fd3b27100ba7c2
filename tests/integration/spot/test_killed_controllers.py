"""A controller that dies after any step, or before: the next one goes on from what is on the API server."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from spot import names, pods
from spot.controller.program import LEASE
from spot.kube.kinds import LEASES
from tests.integration.apiserver import ControlPlane
from tests.integration.spot.controllers import running_controller
from tests.integration.spot.faulty_proxy import FaultyProxy, Request, running_proxy
from tests.integration.spot.played_kubelets import READY_AFTER
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import DEADLINE_SECONDS, HANDLER, Stage, end, eventually


def of_node(request: Request) -> bool:
    return request.method == "PATCH" and request.path.startswith("/api/v1/nodes/")


def of_pod(request: Request) -> bool:
    return request.method == "PATCH" and "/pods/" in request.path


def says_clear(request: Request) -> bool:
    said = request.body["metadata"].get("annotations", {}).get(names.INTERRUPTION)
    return bool(said and json.loads(said)["clear_at"])


STEPS: dict[str, Callable[[Request], bool]] = {
    "fence": lambda request: of_node(request) and "spec" in request.body,
    "detach": lambda request: of_pod(request) and names.HASH in request.body["metadata"].get("labels", {}),
    "unserve": lambda request: (
        of_pod(request) and names.UNSERVED_AT in request.body["metadata"].get("annotations", {})
    ),
    "evict": lambda request: request.path.endswith("/eviction"),
    "clear": lambda request: of_node(request) and says_clear(request),
    "record": lambda request: "/configmaps" in request.path and request.method in ("PATCH", "POST"),
    "report's end": lambda request: "/configmaps" in request.path and request.method == "DELETE",
}


def lease(stage: Stage) -> str:
    found = stage.connection.call("GET", LEASES.path(HANDLER, LEASE))
    return str(found["spec"].get("holderIdentity") or "")


def leading(stage: Stage, *controllers: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    holder = lease(stage)
    return next(each for each in controllers if holder.endswith(f"-{each.pid}"))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_another_goes_on(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, tmp_path: Path, step: str, when: str
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", replicas=2, notes={READY_AFTER: "1"})
    stage.node("spare")
    with ExitStack() as stack:
        proxy = stack.enter_context(running_proxy(plane.kubeconfig, tmp_path))
        first = stack.enter_context(running_controller(proxy.kubeconfig, portal))

        def kill(request: Request) -> None:
            if STEPS[step](request):
                first.kill()

        def kill_and_lose(request: Request) -> int | None:
            kill(request)
            return 503 if STEPS[step](request) else None

        if when == "before":
            proxy.fault = kill_and_lose
        else:
            proxy.after = kill
        seen = stack.enter_context(stage.watch("blog"))
        stage.interrupt(doomed)
        if step == "report's end":
            stage.wait_clear(doomed)
            stage.lose(doomed)
        assert first.wait(DEADLINE_SECONDS) == -signal.SIGKILL
        # It could not give its Lease back: six seconds that this test need not wait.
        stage.delete(LEASES.path(HANDLER, LEASE))
        stack.enter_context(running_controller(plane.kubeconfig, portal))
        if step != "report's end":
            eventually(lambda: portal.of(doomed, "clear"), "the new one's word that all is clear")
        record = end(stage, portal, doomed)
        stage.wait_serving("blog", 2)
    assert seen.least == 2
    assert [each["state"] for each in record["pods"]] == ["retired", "retired"]
    assert len([each for each in portal.records.values() if each["node"] == doomed]) == 1


def test_a_node_that_goes_as_soon_as_it_is_clear_has_lost_nothing(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, tmp_path: Path
) -> None:
    """And the handler that cleared it is gone in the same moment."""
    doomed = stage.node("doomed")
    stage.deploy("blog", replicas=2)
    stage.node("spare")
    with ExitStack() as stack:
        proxy = stack.enter_context(running_proxy(plane.kubeconfig, tmp_path))
        first = stack.enter_context(running_controller(proxy.kubeconfig, portal))

        def kill(request: Request) -> None:
            if STEPS["clear"](request):
                first.kill()

        proxy.after = kill
        stage.interrupt(doomed)
        assert first.wait(DEADLINE_SECONDS) == -signal.SIGKILL
        stage.lose(doomed)
        stage.delete(LEASES.path(HANDLER, LEASE))
        stack.enter_context(running_controller(plane.kubeconfig, portal))
        record = eventually(lambda: portal.of(doomed, "gone"), "its record's end")
        stage.wait_nothing_left()
    assert [each["state"] for each in record["pods"]] == ["retired", "retired"]


def test_the_lease_of_a_killed_leader_runs_out(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    spare = stage.node("spare")
    stage.hold(spare)
    with (
        running_controller(plane.kubeconfig, portal) as first,
        running_controller(plane.kubeconfig, portal) as second,
        stage.watch("blog") as seen,
    ):
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        leader = leading(stage, first, second)
        leader.kill()
        stage.release(spare)
        stage.wait_clear(doomed)
        assert not lease(stage).endswith(f"-{leader.pid}")
        end(stage, portal, doomed)
    assert seen.least == 1
    stage.delete(LEASES.path(HANDLER, LEASE))


def written(proxy: FaultyProxy) -> list[Request]:
    """What went through it but for reads, and but for who leads: the Lease's own writes are conditional."""
    return [each for each in list(proxy.seen) if each.method != "GET" and LEASE not in each.path]


def test_a_leader_that_stood_still_writes_nothing_once_another_leads(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, tmp_path: Path
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog", replicas=2)
    spare = stage.node("spare")
    stage.hold(spare)

    def is_calm() -> bool:
        before = len(written(proxy))
        time.sleep(2)
        return len(written(proxy)) == before

    def keep_from_leading(request: Request) -> int | None:
        return 409 if LEASE in request.path and request.method != "GET" else None

    with (
        running_proxy(plane.kubeconfig, tmp_path) as proxy,
        running_controller(proxy.kubeconfig, portal) as first,
        stage.watch("blog") as seen,
    ):
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        # What is on its way when a process stops goes out when it goes on: nothing may be.
        eventually(is_calm)
        first.send_signal(signal.SIGSTOP)
        with running_controller(plane.kubeconfig, portal) as second:
            eventually(lambda: lease(stage).endswith(f"-{second.pid}"), "the Lease of the second")
            # On a busy machine the second may stand still in its turn, and the first would rightly lead.
            proxy.fault = keep_from_leading
            before, asked = len(written(proxy)), len(proxy.seen)
            first.send_signal(signal.SIGCONT)
            # There is something to do again, and the first sees it too.
            stage.release(spare)
            stage.wait_clear(doomed)
            eventually(lambda: sum(LEASE in each.path for each in proxy.seen[asked:]) >= 3)
            end(stage, portal, doomed)
            assert written(proxy)[before:] == []
    assert seen.least == 2
    stage.delete(LEASES.path(HANDLER, LEASE))


def test_a_leader_that_is_asked_to_stop_hands_over_at_once(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane
) -> None:
    doomed = stage.node("doomed")
    stage.deploy("blog")
    spare = stage.node("spare")
    stage.hold(spare)
    with (
        running_controller(plane.kubeconfig, portal) as first,
        running_controller(plane.kubeconfig, portal) as second,
        stage.watch("blog") as seen,
    ):
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        leader = leading(stage, first, second)
        leader.terminate()
        assert leader.wait(DEADLINE_SECONDS) == 0
        assert not lease(stage).endswith(f"-{leader.pid}")
        stage.release(spare)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
    assert seen.least == 1
    stage.delete(LEASES.path(HANDLER, LEASE))


def test_what_a_dead_controller_left_detached_goes_back_when_nothing_is_said_any_more(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane
) -> None:
    node = stage.node("safe")
    stage.deploy("blog")
    before = {pods.uid(pod) for pod in stage.pods("blog")}
    with stage.watch("blog") as seen:
        with running_controller(plane.kubeconfig, portal) as first:
            stage.interrupt(node)
            stage.wait_detached("blog")
            first.kill()
        # An operator has taken the annotations away meanwhile; the taint is still there.
        gone = {names.INTERRUPTION: None, names.METADATA: None}
        stage.patch(f"/api/v1/nodes/{node}", {"metadata": {"annotations": gone}})
        stage.delete(LEASES.path(HANDLER, LEASE))
        with running_controller(plane.kubeconfig, portal):
            stage.wait_nothing_left()
            eventually(lambda: len(stage.pods("blog")) == 1)
    assert seen.least == 1
    assert {pods.uid(pod) for pod in stage.pods("blog")} == before
    stage.delete(LEASES.path(HANDLER, LEASE))

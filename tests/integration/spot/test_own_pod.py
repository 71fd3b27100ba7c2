"""The controller that leads stands on the doomed node itself: its own pod is one of those that leave."""

from __future__ import annotations

import pytest

from spot import names, pods
from spot.controller.program import LEASE
from spot.errors import Missing
from spot.kube.kinds import LEASES
from tests.integration.apiserver import ControlPlane
from tests.integration.spot.controllers import running_controller
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import CLOSED, DEADLINE_SECONDS, HANDLER, Stage, end, eventually

ROLE = "tests/role"
# Where the controllers stand, and nothing else comes.
THERE = {
    "nodeSelector": {ROLE: "handler"},
    "tolerations": [{"key": CLOSED["key"], "operator": "Exists"}],
}


def leader(stage: Stage) -> str:
    """Who holds the Lease; "" for nobody yet."""
    try:
        found = stage.connection.call("GET", LEASES.path(HANDLER, LEASE))
    except Missing:
        return ""
    return str(found["spec"].get("holderIdentity") or "")


def for_handlers(stage: Stage, node: str) -> str:
    stage.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {ROLE: "handler"}}})
    return node


@pytest.mark.parametrize("heard", [True, False], ids=["it hears SIGTERM", "it is killed"])
def test_a_leader_moves_its_own_pod_and_the_other_goes_on(
    stage: Stage, portal: PlayedPortal, plane: ControlPlane, heard: bool
) -> None:
    doomed = for_handlers(stage, stage.node("doomed"))
    stage.deploy("blog")
    stage.deploy("handler", pod=THERE)
    (own,) = stage.pods("handler")
    # What the visitors' pod waits for; the leader's own does not.
    spare = stage.node("spare")
    stage.hold(spare)
    stays = for_handlers(stage, stage.node("stays", closed=True))
    with running_controller(plane.kubeconfig, portal) as first:
        eventually(lambda: leader(stage).endswith(f"-{first.pid}"), "the first one's lead")
        with running_controller(plane.kubeconfig, portal) as second, stage.watch("blog") as seen:
            stage.interrupt(doomed)

            def leaves() -> bool:
                there = {pods.uid(pod) for pod in stage.pods("handler") if not pods.is_going(pod)}
                return pods.uid(own) not in there

            eventually(leaves, "the leader's own pod on its way out")
            # As the pod's kubelet does it.
            first.terminate() if heard else first.kill()
            first.wait(DEADLINE_SECONDS)
            eventually(lambda: leader(stage).endswith(f"-{second.pid}"), "the second one's lead")
            (old,) = [pod for pod in stage.pods_on(doomed) if pods.labels(pod).get("app") == "blog"]
            assert names.HANDOFF in pods.labels(old) and not pods.is_going(old)
            stage.release(spare)
            stage.wait_clear(doomed)
            record = end(stage, portal, doomed)
    assert first.returncode == (0 if heard else -9)
    assert seen.least == 1
    assert {each["owner"]: each["state"] for each in record["pods"]} == {
        "Deployment/blog": "retired",
        "Deployment/handler": "retired",
    }
    assert {each["gap_seconds"] for each in record["pods"]} == {0}
    assert [pods.node(pod) for pod in stage.pods("handler")] == [stays]
    stage.delete(LEASES.path(HANDLER, LEASE))

"""The owner goes on working while a node is lost: deploys, scales, deletes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from spot import names, pods
from spot.kube.kinds import KINDS
from tests.integration.spot.played_kubelets import READY_AFTER
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, end, eventually

pytestmark = pytest.mark.usefixtures("controller")


SECOND = {"spec": {"containers": [{"name": "app", "image": "app:2"}]}}


def slow(stage: Stage, replicas: int = 1) -> tuple[str, str]:
    """A doomed node, and a spare one where its pods' replacements begin once that is released."""
    doomed = stage.node("doomed")
    stage.deploy("blog", replicas, notes={READY_AFTER: "2"})
    spare = stage.node("spare")
    stage.hold(spare)
    return doomed, spare


def test_a_deploy_takes_the_old_pods_place(stage: Stage, portal: PlayedPortal) -> None:
    doomed, spare = slow(stage)
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        stage.change("blog", template=SECOND)
        stage.release(spare)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
        eventually(lambda: len(stage.pods("blog")) == 1)
        stage.wait_serving("blog", 1)
    assert seen.least == 1
    (pod,) = stage.pods("blog")
    assert pod["spec"]["containers"][0]["image"] == "app:2"


def test_a_node_that_goes_in_the_middle_of_a_deploy(stage: Stage, portal: PlayedPortal) -> None:
    doomed, spare = slow(stage, replicas=3)
    stage.hold(doomed)
    with stage.watch("blog") as seen:
        stage.change("blog", template=SECOND)
        eventually(lambda: len(stage.pods("blog")) > 3)
        stage.interrupt(doomed)
        eventually(lambda: names.INTERRUPTED in stage.taints(doomed))
        stage.release(doomed)
        stage.release(spare)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
        eventually(lambda: len(stage.pods("blog")) == 3)
        stage.wait_serving("blog", 3)
    assert seen.least >= 3
    assert {pod["spec"]["containers"][0]["image"] for pod in stage.pods("blog")} == {"app:2"}


def on_trial(stage: Stage, min_ready_seconds: int = 0) -> str:
    """As the deployer does it: the Service keeps to release 1, no old pod goes for release 2. The doomed node
    has both, a spare one is there."""
    doomed = stage.node("doomed")
    stage.deploy("blog", spec={"minReadySeconds": min_ready_seconds})
    stage.change("blog", template={"metadata": {"labels": {"release": "1"}}})
    kept = {"spec": {"selector": {"app": "blog", "release": "1"}}}
    stage.patch(KINDS["Service"].path(stage.namespace, "blog"), kept)
    eventually(
        lambda: (
            [(pod["metadata"]["name"], pods.labels(pod).get("release")) for pod in stage.pods("blog")]
            == [(name, "1") for name in stage.served_by("blog")]
            != []
        )
    )
    stage.node("spare")
    try_out(stage, "2")
    eventually(lambda: [pods.is_ready(pod) for pod in stage.pods("blog")] == [True, True])
    return doomed


def try_out(stage: Stage, release: str) -> None:
    stage.change(
        "blog",
        minReadySeconds=2**31 - 2,
        progressDeadlineSeconds=2**31 - 1,
        template={"metadata": {"labels": {"release": release}}},
    )


def test_a_release_on_trial_does_not_take_the_place_of_the_one_that_serves(
    stage: Stage, portal: PlayedPortal
) -> None:
    doomed = on_trial(stage)
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_clear(doomed)
        stage.lose(doomed)
        stage.wait_serving("blog", 1)
    assert seen.least == 1
    assert sorted(pods.labels(pod)["release"] for pod in stage.pods("blog")) == ["1", "2"]
    end(stage, portal, doomed)


def test_a_newer_release_on_trial_leaves_the_old_one_to_its_visitors(
    stage: Stage, portal: PlayedPortal
) -> None:
    """The Deployment's controller ends a ready replacement that is not available yet for it."""
    doomed = on_trial(stage, min_ready_seconds=8)
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        replacement = eventually(
            lambda: next(
                (
                    pod
                    for pod in stage.pods("blog")
                    if pods.labels(pod).get("release") == "1"
                    and pods.node(pod) != doomed
                    and pods.is_ready(pod)
                ),
                None,
            )
        )
        ready = pods.ready_since(replacement)
        assert ready is not None
        eventually(lambda: datetime.now(UTC) - ready > timedelta(seconds=3))
        try_out(stage, "3")
        eventually(lambda: "3" in {pods.labels(pod).get("release") for pod in stage.pods("blog")})
        stage.change("blog", minReadySeconds=0, progressDeadlineSeconds=600)
        everybody = {"spec": {"selector": {"app": "blog", "release": None}}}
        stage.patch(KINDS["Service"].path(stage.namespace, "blog"), everybody)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
        stage.wait_serving("blog", 1)
    assert seen.least == 1


def test_a_deleted_deployment_takes_its_detached_pod_along(stage: Stage, portal: PlayedPortal) -> None:
    doomed, _ = slow(stage)
    stage.interrupt(doomed)
    stage.wait_detached("blog")
    background = {"propagationPolicy": "Background"}
    stage.delete(KINDS["Deployment"].path(stage.namespace, "blog"), background)
    eventually(lambda: not stage.pods("blog"))
    stage.wait_clear(doomed)
    record = end(stage, portal, doomed)
    assert not record["pods"][0]["gap_seconds"]


def test_scaled_to_nothing_the_detached_pod_goes_too(stage: Stage, portal: PlayedPortal) -> None:
    doomed, _ = slow(stage)
    stage.interrupt(doomed)
    stage.wait_detached("blog")
    stage.change("blog", replicas=0)
    eventually(lambda: not stage.pods("blog"))
    stage.wait_clear(doomed)
    record = end(stage, portal, doomed)
    assert not record["pods"][0]["gap_seconds"]


def test_scaled_up_all_of_the_new_number_serve(stage: Stage, portal: PlayedPortal) -> None:
    doomed, spare = slow(stage)
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        stage.change("blog", replicas=3)
        stage.release(spare)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
        stage.wait_serving("blog", 3)
    assert seen.least == 1


def test_an_autoscaler_that_goes_up_and_down_meanwhile(stage: Stage, portal: PlayedPortal) -> None:
    doomed, spare = slow(stage, replicas=2)
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        stage.release(spare)
        for replicas in (4, 3, 5, 2):
            path = KINDS["Deployment"].path(stage.namespace, "blog", "scale")
            stage.patch(path, {"spec": {"replicas": replicas}})
            eventually(lambda: stage.get("Deployment", "blog")["status"].get("replicas"))
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
        stage.wait_serving("blog", 2)
    assert seen.least == 2


def test_what_heals_the_deployment_back_to_its_manifest_meets_nothing_to_heal(
    stage: Stage, portal: PlayedPortal
) -> None:
    doomed, spare = slow(stage)
    before = stage.get("Deployment", "blog")["spec"]
    with stage.watch("blog") as seen:
        stage.interrupt(doomed)
        stage.wait_detached("blog")
        for _ in range(5):
            assert stage.get("Deployment", "blog")["spec"] == before
            stage.patch(
                KINDS["Deployment"].path(stage.namespace, "blog"),
                stage.deployment("blog", notes={READY_AFTER: "2"}),
            )
        stage.release(spare)
        stage.wait_clear(doomed)
        end(stage, portal, doomed)
    assert seen.least == 1
    assert [pods.controller(pod)["kind"] for pod in stage.pods("blog")] == ["ReplicaSet"]

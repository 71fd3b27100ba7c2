"""Builds on a doomed node: begun anew elsewhere, and never counted against anybody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from spot import names, pods
from spot.times import parse
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, end, eventually

pytestmark = pytest.mark.usefixtures("controller")


def start_job(stage: Stage, **pod: Any) -> None:
    """A Job that gives up at its first failure, unless the failure is a disruption."""
    template = stage.template("build", pod={"restartPolicy": "Never", **pod})
    disrupted = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}
    spec = {"backoffLimit": 0, "podFailurePolicy": {"rules": [disrupted]}, "template": template}
    path = f"/apis/batch/v1/namespaces/{stage.namespace}/jobs"
    stage.create(path, {"kind": "Job", "metadata": {"name": "build"}, "spec": spec})


def job(stage: Stage) -> dict[str, Any]:
    path = f"/apis/batch/v1/namespaces/{stage.namespace}/jobs/build"
    found: dict[str, Any] = stage.connection.call("GET", path)
    return found


def test_a_build_that_runs_is_told_and_begins_anew_when_its_time_is_up(
    stage: Stage, portal: PlayedPortal
) -> None:
    doomed = stage.node("doomed")
    start_job(stage)
    eventually(lambda: any(pod["status"].get("phase") == "Running" for pod in stage.pods()))
    spare = stage.node("spare")
    stage.interrupt(doomed)
    marked = eventually(
        lambda: next((pod for pod in stage.pods() if names.INTERRUPTED_UNTIL in pods.notes(pod)), None)
    )
    assert parse(pods.notes(marked)[names.INTERRUPTED_UNTIL]) == parse(stage.node_state(doomed)["deadline"])
    assert not pods.is_going(marked)
    stage.interrupt(doomed, seconds=15)
    stage.wait_clear(doomed)
    deadline = parse(stage.node_state(doomed)["deadline"])
    assert deadline is not None
    assert (deadline - datetime.now(UTC)).total_seconds() < 6
    record = end(stage, portal, doomed)
    (left,) = record["pods"]
    assert (left["way"], left["state"]) == ("build", "retired")
    eventually(lambda: [pods.node(pod) for pod in stage.pods()] == [spare])
    assert not job(stage)["status"].get("failed")


def test_a_build_that_has_not_begun_begins_elsewhere_at_once(stage: Stage, portal: PlayedPortal) -> None:
    doomed = stage.node("doomed")
    # What this kubelet is not asked to run stays as it was bound: pulling its image, say.
    stage.hold(doomed)
    start_job(stage)
    eventually(lambda: stage.pods_on(doomed))
    spare = stage.node("spare")
    stage.interrupt(doomed)
    stage.wait_clear(doomed)
    deadline = parse(stage.node_state(doomed)["deadline"])
    assert deadline is not None
    assert (deadline - datetime.now(UTC)).total_seconds() > 10
    end(stage, portal, doomed)
    eventually(lambda: [pods.node(pod) for pod in stage.pods()] == [spare])
    assert not job(stage)["status"].get("failed")

"""Builds on a real API server with its Job controller; the tests are the kubelet."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deployer.build import Builder, BuildOrder, BuildOutcome, LogLine
from deployer.build.job import job_name
from deployer.build.reclaim import INTERRUPTED_UNTIL, MAY_FINISH, STARTS_AGAIN
from deployer.kube import Kube
from deployer.kube.job_node import RAN_ON
from deployer.kube.jobs import finished
from tests.integration.deployer.kubelet import DEADLINE_SECONDS, Kubelet, container, eventually
from tests.unit.deployer.orders import BUILD_SETTINGS, build_order

NAMESPACE = "madang-builds"
DIGEST = "sha256:" + "d" * 64


@pytest.fixture
def builder(kube: Kube) -> Builder:
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    return Builder(kube, BUILD_SETTINGS)


@pytest.fixture
def kubelet(kube: Kube) -> Kubelet:
    return Kubelet(kube, NAMESPACE)


@pytest.fixture
def order(builder: Builder) -> Iterator[BuildOrder]:
    made = build_order(build=f"t{secrets.token_hex(4)}")
    yield made
    builder.clean(made)


class Follower:
    """A worker that follows, in a thread of its own."""

    def __init__(self, builder: Builder, order: BuildOrder) -> None:
        self.lines: list[LogLine] = []
        self.outcome: BuildOutcome | None = None
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(builder, order), daemon=True)
        self._thread.start()

    def _run(self, builder: Builder, order: BuildOrder) -> None:
        self.outcome = builder.follow(order, None, self.lines.append, self.stopped.is_set)

    def end(self) -> BuildOutcome:
        self._thread.join(timeout=DEADLINE_SECONDS)
        assert self.outcome is not None
        return self.outcome

    def told(self) -> list[LogLine]:
        """Without what is said of a start that takes long, as all does on a busy machine."""
        return [line for line in self.lines if "starting on" not in line.text]

    def texts(self) -> list[str]:
        return [line.text for line in self.told()]


def pod_of(kubelet: Kubelet, order: BuildOrder, besides: str = "") -> Any:
    def look() -> Any:
        pods = kubelet.pods(**{"batch.kubernetes.io/job-name": job_name(order)})
        return next((pod for pod in pods if pod["metadata"]["uid"] != besides), None)

    return eventually(look)


def ended(code: int, **more: Any) -> Any:
    return container(
        "build", terminated={"exitCode": code, "reason": "Error" if code else "Completed", **more}
    )


def test_starting_twice_makes_one_job_with_its_secret(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    first = pod_of(kubelet, order)
    builder.start(order)
    job = kube.get("Job", NAMESPACE, job_name(order))
    secret = kube.get("Secret", NAMESPACE, job_name(order))
    assert job is not None
    assert secret is not None
    assert secret["metadata"]["ownerReferences"][0]["uid"] == job["metadata"]["uid"]
    assert [pod["metadata"]["uid"] for pod in kubelet.pods(**{"madang.dev/build": order.build})] == [
        first["metadata"]["uid"]
    ]


def test_a_start_that_died_before_the_secret_is_finished_by_the_next(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    from deployer.build.job import job

    kube.create(job(order, BUILD_SETTINGS))
    builder.start(order)
    assert kube.get("Secret", NAMESPACE, job_name(order)) is not None
    pod_of(kubelet, order)


def test_a_build_that_ends_well_gives_its_digest(
    builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    pod = pod_of(kubelet, order)
    kubelet.bind(pod)
    kubelet.write(pod, phase="Succeeded", containerStatuses=[ended(0, message=DIGEST)])
    assert follower.end() == BuildOutcome("succeeded", DIGEST, None, 0)


def test_a_build_whose_node_is_lost_is_built_again_and_the_pusher_told(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    lost = pod_of(kubelet, order)
    kubelet.bind(lost)
    kubelet.write(lost, phase="Running", containerStatuses=[container("build", running={})])
    eventually(lambda: "seen-pods" in str(kube.get("Job", NAMESPACE, job_name(order))))
    disruption = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"}
    kubelet.write(lost, phase="Failed", conditions=[disruption])
    kube.delete("Pod", NAMESPACE, lost["metadata"]["name"])
    again = pod_of(kubelet, order, besides=lost["metadata"]["uid"])
    kubelet.bind(again)
    eventually(lambda: [text for text in follower.texts() if "attempt 2" in text])
    kubelet.write(again, phase="Succeeded", containerStatuses=[ended(0, message=DIGEST)])
    assert follower.end() == BuildOutcome("succeeded", DIGEST, None, 1)
    assert "Not your code: the machine was reclaimed; building again (attempt 2)." in follower.texts()


@pytest.mark.parametrize("there", [True, False])
def test_a_job_that_ends_with_its_node_says_so(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder, there: bool
) -> None:
    """A node may end a pod before anybody has written why: then the Job ends too."""
    node = f"node-of-{order.build}"
    if there:
        kube.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}})
        kubelet.announce(node)
    builder.start(order)
    follower = Follower(builder, order)
    pod = pod_of(kubelet, order)
    kubelet.bind(pod, node)
    kubelet.write(pod, phase="Failed", containerStatuses=[ended(143, reason="Error")])
    outcome = follower.end()
    assert (outcome.state, outcome.node_lost) == ("lost", not there)
    kube.delete("Node", None, node)


def test_the_next_worker_knows_the_node_of_a_pod_that_has_left_no_trace(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    pod = pod_of(kubelet, order)
    kubelet.bind(pod, f"node-of-{order.build}")
    kubelet.write(pod, phase="Running", containerStatuses=[container("build", running={})])
    eventually(lambda: RAN_ON in str(kube.get("Job", NAMESPACE, job_name(order))))
    follower.stopped.set()
    follower.end()
    kubelet.write(pod, phase="Failed", containerStatuses=[ended(143, reason="Error")])
    eventually(lambda: finished(kube.get("Job", NAMESPACE, job_name(order)) or {}))
    kubelet.remove(pod)
    outcome = Follower(builder, order).end()
    assert (outcome.state, outcome.node_lost) == ("lost", True)


@pytest.mark.parametrize("there", [True, False])
def test_a_job_that_is_taken_away_may_have_gone_with_its_node(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder, there: bool
) -> None:
    node = f"node-of-{order.build}"
    if there:
        kube.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}})
        kubelet.announce(node)
    builder.start(order)
    follower = Follower(builder, order)
    kubelet.bind(pod_of(kubelet, order), node)
    eventually(lambda: RAN_ON in str(kube.get("Job", NAMESPACE, job_name(order))))
    kube.delete("Job", NAMESPACE, job_name(order))
    outcome = follower.end()
    assert (outcome.state, outcome.node_lost) == ("cancelled", not there)
    kube.delete("Node", None, node)


def interrupt(kube: Kube, pod: Any) -> None:
    """As the spot handler marks a build that may still finish."""
    note = {"metadata": {"annotations": {INTERRUPTED_UNTIL: "2026-11-25T03:02:00Z"}}}
    kube.merge("Pod", NAMESPACE, pod["metadata"]["name"], note)


def test_a_build_on_a_doomed_node_that_still_finishes_is_told_of_it_once(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    pod = pod_of(kubelet, order)
    kubelet.bind(pod)
    kubelet.write(pod, phase="Running", containerStatuses=[container("build", running={})])
    interrupt(kube, pod)
    eventually(lambda: MAY_FINISH in follower.texts())
    eventually(lambda: "interrupted" in str(kube.get("Job", NAMESPACE, job_name(order))))
    follower.stopped.set()
    assert follower.end().state == "stopped"
    successor = Follower(builder, order)
    kubelet.write(pod, phase="Succeeded", containerStatuses=[ended(0, message=DIGEST)])
    assert successor.end() == BuildOutcome("succeeded", DIGEST, None, 0)
    assert (follower.texts(), successor.texts()) == ([MAY_FINISH], [])


def test_a_build_that_is_evicted_from_a_doomed_node_starts_again_elsewhere(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    doomed = pod_of(kubelet, order)
    kubelet.bind(doomed)
    kubelet.write(doomed, phase="Running", containerStatuses=[container("build", running={})])
    interrupt(kube, doomed)
    eventually(lambda: MAY_FINISH in follower.texts())
    kubelet.evict(doomed)
    eventually(lambda: STARTS_AGAIN in follower.texts())
    # SIGTERM ends the builder with this code, which is never the student's.
    kubelet.write(doomed, phase="Failed", containerStatuses=[ended(143)])
    kubelet.remove(doomed)
    again = pod_of(kubelet, order, besides=doomed["metadata"]["uid"])
    kubelet.bind(again, "node-2")
    kubelet.write(again, phase="Succeeded", containerStatuses=[ended(0, message=DIGEST)])
    assert follower.end() == BuildOutcome("succeeded", DIGEST, None, 1)
    assert follower.texts() == [
        MAY_FINISH,
        STARTS_AGAIN,
        "Not your code: the machine was reclaimed; building again (attempt 2).",
    ]
    stamps = [line.at for line in follower.told()]
    assert stamps == sorted(stamps)


def test_a_build_that_fails_is_the_students(builder: Builder, kubelet: Kubelet, order: BuildOrder) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    pod = pod_of(kubelet, order)
    kubelet.bind(pod)
    kubelet.write(pod, phase="Failed", containerStatuses=[ended(1)])
    assert follower.end().state == "failed"


def test_a_builder_that_did_not_start_is_the_platforms(
    builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    pod = pod_of(kubelet, order)
    kubelet.bind(pod)
    kubelet.write(pod, phase="Failed", containerStatuses=[ended(70)])
    outcome = follower.end()
    assert outcome.state == "lost"
    assert outcome.explanation is not None
    assert outcome.explanation.what.startswith("Not your code")


def test_a_cancelled_build_ends_its_followers_and_leaves_nothing(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    pod_of(kubelet, order)
    builder.cancel(order)
    assert follower.end().state == "cancelled"
    builder.cancel(order)
    eventually(lambda: kube.get("Secret", NAMESPACE, job_name(order)) is None)


def test_a_worker_that_has_to_stop_leaves_the_build_going(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    builder.start(order)
    follower = Follower(builder, order)
    pod_of(kubelet, order)
    follower.stopped.set()
    assert follower.end().state == "stopped"
    assert kube.get("Job", NAMESPACE, job_name(order)) is not None


def test_cleaning_takes_every_attempt_away(kube: Kube, builder: Builder, order: BuildOrder) -> None:
    second = replace(order, attempt=2)
    builder.start(order)
    builder.start(second)
    builder.clean(order)
    for each in (order, second):
        eventually(lambda each=each: kube.get("Job", NAMESPACE, job_name(each)) is None)


def test_a_build_without_room_beside_the_others_waits_and_says_so(
    kube: Kube, builder: Builder, kubelet: Kubelet, order: BuildOrder
) -> None:
    quota = {"name": "full", "namespace": NAMESPACE}
    full = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": quota, "spec": {"hard": {"pods": "0"}}}
    kube.apply(full)
    try:
        eventually(lambda: (kube.get("ResourceQuota", NAMESPACE, "full") or {}).get("status"))
        builder.start(order)
        follower = Follower(builder, order)
        eventually(lambda: "Waiting for room beside the other builds." in follower.texts())
        follower.stopped.set()
        assert follower.end().state == "stopped"
    finally:
        kube.delete("ResourceQuota", NAMESPACE, "full")

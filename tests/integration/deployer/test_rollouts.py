"""Rollouts on a real API server with its controllers; the tests are the kubelet and the app."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deployer.errors import PermanentError
from deployer.kube import JsonMap, Kube, patience
from deployer.rollout import (
    RolloutOrder,
    RolloutOutcome,
    Rollouts,
    RolloutSettings,
    release_command,
)
from tests.integration.deployer.driven_clock import DrivenClock
from tests.integration.deployer.kubelet import DEADLINE_SECONDS, Kubelet, container, eventually
from tests.unit.deployer.orders import CLUB, rollout_order

READY = [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}]
TERMINATED = {"exitCode": 1, "reason": "Error"}


@contextmanager
def ingress(statuses: list[int], served_by: bool = True) -> Iterator[tuple[str, list[str]]]:
    """An ingress controller's answers, the last of them until the test adds one, and which hosts were asked
    for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Host"])
            status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
            body = b"404 page not found\n" if status == 404 else b"hello"
            self.send_response(status)
            if served_by and status != 404:
                self.send_header("X-Served-By", "madang")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


class Scene:
    """A club with a project. Its releases have all the time that a busy machine may need."""

    def __init__(self, kube: Kube, club: str) -> None:
        self.kube, self.namespace = kube, f"club-{club}"
        self.settings = RolloutSettings(
            min_ready_seconds=0,
            progress_deadline_seconds=int(DEADLINE_SECONDS),
            answer_deadline_seconds=int(DEADLINE_SECONDS),
        )
        self.kubelet = Kubelet(kube, self.namespace)
        self.order = rollout_order(club=club)
        self.rollouts.ensure_club(replace(CLUB, slug=club))
        # The controller writes the quota's status before pods are let in.
        eventually(lambda: (kube.get("ResourceQuota", self.namespace, "budget") or {}).get("status"))

    @property
    def rollouts(self) -> Rollouts:
        return Rollouts(self.kube, self.settings)

    def pod(self, release: int) -> JsonMap:
        def look() -> JsonMap | None:
            found = self.kubelet.pods(**{"madang.dev/project": "blog", "madang.dev/release": str(release)})
            return found[0] if found else None

        pod = eventually(look)
        if "nodeName" not in pod["spec"]:
            self.kubelet.bind(pod)
        return pod

    def become_ready(self, release: int) -> None:
        self.serve(self.pod(release))

    def serve(self, pod: JsonMap) -> None:
        """Ready, with an address: it becomes an endpoint once its node is known."""
        running = container("app", running={}, ready=True, started=True)
        status = {"phase": "Running", "conditions": READY, "containerStatuses": [running]}
        self.kubelet.write(pod, **status, podIP="10.244.7.7", podIPs=[{"ip": "10.244.7.7"}])

    @property
    def hosts(self) -> list[str]:
        """From where visitors are led to the project."""
        found = self.kube.get("Ingress", self.namespace, "blog")
        return [] if found is None else [rule["host"] for rule in found["spec"]["rules"]]

    def follow(self, order: RolloutOrder) -> tuple[list[str], list[RolloutOutcome], threading.Thread]:
        sentences: list[str] = []
        outcomes: list[RolloutOutcome] = []

        def run() -> None:
            outcomes.append(self.rollouts.follow(order, sentences.append, lambda: False))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return sentences, outcomes, thread


@pytest.fixture
def scene(kube: Kube) -> Iterator[Scene]:
    made = Scene(kube, f"t{secrets.token_hex(4)}")
    yield made
    made.rollouts.remove_club(made.order.club)


def end(thread: threading.Thread, outcomes: list[RolloutOutcome]) -> RolloutOutcome:
    thread.join(timeout=DEADLINE_SECONDS)
    assert outcomes, "the rollout never ended"
    return outcomes[0]


def test_a_release_is_live_only_once_its_address_answers(scene: Scene) -> None:
    with ingress([404, 404, 200]) as (url, asked):
        scene.settings = replace(scene.settings, ingress_probe_url=url)
        scene.rollouts.apply(scene.order)
        sentences, outcomes, thread = scene.follow(scene.order)
        eventually(lambda: sentences)
        scene.become_ready(3)
        assert end(thread, outcomes) == RolloutOutcome("live")
    # One that did not come in time is asked for again.
    assert len(asked) >= 3
    assert set(asked) == {"blog.madang.localhost"}
    assert sentences[0].startswith("0 of 1 ready")


def test_an_address_that_stays_silent_is_the_platforms_trouble(scene: Scene) -> None:
    with ingress([404]) as (url, _):
        scene.settings = replace(scene.settings, ingress_probe_url=url, answer_deadline_seconds=2)
        scene.rollouts.apply(scene.order)
        _, outcomes, thread = scene.follow(scene.order)
        scene.become_ready(3)
        outcome = end(thread, outcomes)
    assert outcome.state == "lost"
    assert outcome.explanation is not None
    assert outcome.explanation.reason == "address-silent"


def test_an_app_that_crashes_twice_has_failed_and_its_exit_code_is_told(scene: Scene) -> None:
    scene.rollouts.apply(scene.order)
    _, outcomes, thread = scene.follow(scene.order)
    crashing = container(
        "app",
        waiting={"reason": "CrashLoopBackOff"},
        restartCount=1,
        lastState={"terminated": TERMINATED},
    )
    scene.kubelet.write(scene.pod(3), phase="Running", containerStatuses=[crashing])
    outcome = end(thread, outcomes)
    assert outcome.state == "failed"
    assert outcome.explanation is not None
    assert "exit code 1" in outcome.explanation.what


def test_an_app_that_answers_nowhere_has_failed_after_its_time(scene: Scene) -> None:
    scene.settings = replace(scene.settings, progress_deadline_seconds=2)
    scene.rollouts.apply(scene.order)
    _, outcomes, thread = scene.follow(scene.order)
    scene.kubelet.write(scene.pod(3), phase="Running", containerStatuses=[container("app", running={})])
    outcome = end(thread, outcomes)
    assert outcome.state == "failed"
    assert outcome.explanation is not None
    assert outcome.explanation.reason == "not-listening"
    assert "port 8080" in outcome.explanation.what


def test_the_clock_stands_still_while_the_image_is_pulled(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = DrivenClock()
    monkeypatch.setattr(patience, "time", clock)
    with ingress([200]) as (url, _):
        scene.settings = replace(
            scene.settings, ingress_probe_url=url, progress_deadline_seconds=60, wait_deadline_seconds=10**9
        )
        scene.rollouts.apply(scene.order)
        pulling = container("app", waiting={"reason": "ContainerCreating"})
        scene.kubelet.write(scene.pod(3), phase="Pending", containerStatuses=[pulling])
        _, outcomes, thread = scene.follow(scene.order)
        clock.pause_seconds = 10.0
        eventually(lambda: outcomes or clock.now > 3 * 60)
        assert not outcomes
        clock.pause_seconds = 0.0
        scene.become_ready(3)
        assert end(thread, outcomes).state == "live"


def test_a_club_without_room_is_told_of_its_budget(scene: Scene) -> None:
    order = replace(scene.order, memory_bytes=8 << 30)
    scene.rollouts.apply(order)
    _, outcomes, thread = scene.follow(order)
    outcome = end(thread, outcomes)
    assert outcome.state == "failed"
    assert outcome.explanation is not None
    assert outcome.explanation.reason == "over-budget"


def test_a_failed_release_is_undone_by_the_order_before_it(scene: Scene) -> None:
    scene.rollouts.apply(scene.order)
    scene.become_ready(3)
    old = scene.pod(3)["metadata"]["uid"]
    scene.rollouts.apply(replace(scene.order, release=4, fence=8))
    scene.pod(4)
    scene.rollouts.apply(replace(scene.order, fence=9))
    gone = {"madang.dev/release": "4"}
    eventually(
        lambda: not [p for p in scene.kubelet.pods(**gone) if "deletionTimestamp" not in p["metadata"]]
    )
    assert scene.pod(3)["metadata"]["uid"] == old


def test_a_late_worker_cannot_write_over_a_newer_rollout(scene: Scene) -> None:
    scene.rollouts.apply(replace(scene.order, release=4, fence=8))
    with pytest.raises(PermanentError) as refused:
        scene.rollouts.apply(scene.order)
    assert refused.value.explanation.reason == "superseded"
    _, outcomes, thread = scene.follow(scene.order)
    assert end(thread, outcomes).state == "superseded"


def test_config_of_releases_long_gone_is_dropped_and_the_running_ones_kept(scene: Scene) -> None:
    """Release 1 serves while the others are on trial, one after the other."""

    def is_available() -> bool:
        deployment = scene.kube.get("Deployment", scene.namespace, "blog") or {}
        return bool(deployment.get("status", {}).get("availableReplicas"))

    def kept() -> set[int]:
        found = scene.kube.find("Secret", scene.namespace, labels={"madang.dev/project": "blog"})
        return {int(secret["metadata"]["labels"]["madang.dev/release"]) for secret in found}

    for release in range(1, 8):
        order = replace(scene.order, release=release, fence=release)
        scene.rollouts.apply(order)
        if release == 1:
            scene.become_ready(1)
            eventually(is_available)
        # Its controllers have come so far: they make nothing of an older release any more.
        eventually(lambda release=release: scene.kubelet.pods(**{"madang.dev/release": str(release)}))
    # A pod that goes keeps its config until it has gone.
    eventually(lambda: scene.rollouts.apply(order) or kept() == {1, 5, 6, 7})


def test_removing_a_project_leaves_nothing_of_it(scene: Scene) -> None:
    scene.rollouts.apply(scene.order)
    scene.rollouts.remove_project(scene.order.club, "blog")
    scene.rollouts.remove_project(scene.order.club, "blog")
    for kind in ("Deployment", "Service", "Ingress", "PodDisruptionBudget", "Secret"):
        assert scene.kube.find(kind, scene.namespace, labels={"madang.dev/project": "blog"}) == []


def test_the_namespace_refuses_a_pod_that_is_not_restricted(scene: Scene) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "free", "namespace": scene.namespace},
        "spec": {"containers": [{"name": "free", "image": "i"}]},
    }
    with pytest.raises(PermanentError) as refused:
        scene.kube.create(pod)
    assert "PodSecurity" in refused.value.explanation.evidence


def test_a_halted_project_runs_nothing_and_comes_back_as_it_was(scene: Scene) -> None:
    order = replace(scene.order, replicas=2)
    with ingress([200]) as (url, _):
        scene.settings = replace(scene.settings, ingress_probe_url=url)
        scene.rollouts.apply(order)
        eventually(lambda: len(staying(scene)) == 2)
        prepares = replace(order, release=4, release_command=("migrate",))
        scene.kube.create(release_command.job(prepares, scene.settings))
        scene.rollouts.halt(replace(order, fence=8))
        eventually(lambda: not staying(scene))
        mine = {"madang.dev/project": "blog"}
        eventually(lambda: not scene.kube.find("Job", scene.namespace, labels=mine))
        for kind in ("Deployment", "Service", "PodDisruptionBudget", "Secret"):
            assert len(scene.kube.find(kind, scene.namespace, labels=mine)) == 1, kind
        with pytest.raises(PermanentError):
            scene.rollouts.apply(order)
        for pod in scene.kubelet.pods(**mine):
            scene.kubelet.remove(pod)
        again = replace(order, fence=9)
        scene.rollouts.apply(again)
        _, outcomes, thread = scene.follow(again)
        for pod in eventually(lambda: found if len(found := staying(scene)) == 2 else None):
            scene.kubelet.bind(pod)
            scene.serve(pod)
        assert end(thread, outcomes) == RolloutOutcome("live")


def staying(scene: Scene) -> list[JsonMap]:
    pods = scene.kubelet.pods(**{"madang.dev/project": "blog"})
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

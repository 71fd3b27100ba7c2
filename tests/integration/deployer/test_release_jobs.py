"""Release commands on a real API server with its Job controller; the tests are the kubelet."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.kube import JsonMap, Kube, patience
from deployer.kube.job_node import RAN_ON
from deployer.kube.jobs import finished
from deployer.kube.logs import ContainerLine
from deployer.rollout import AppLine, RolloutOrder, RolloutOutcome, Rollouts, RolloutSettings
from tests.integration.deployer.driven_clock import DrivenClock
from tests.integration.deployer.kubelet import DEADLINE_SECONDS, Kubelet, container, eventually
from tests.unit.deployer.orders import CLUB, rollout_order

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
DISRUPTED = [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"}]


class Talking(Kube):
    """The API server of these tests has no kubelet to ask for logs: these are its answers."""

    said: tuple[str, ...] = ()

    def _lines(self) -> list[ContainerLine]:
        return [ContainerLine(STARTED.replace(second=n), text) for n, text in enumerate(self.said, start=1)]

    def stream(self, *where: str, since: datetime | None, **more: Any) -> Iterator[ContainerLine]:
        yield from (line for line in self._lines() if since is None or line.at > since)

    def tail(self, *where: Any, **more: Any) -> list[ContainerLine]:
        return self._lines()


class Call(threading.Thread):
    """One worker's `prepare`."""

    def __init__(self, rollouts: Rollouts, order: RolloutOrder, since: datetime | None = None) -> None:
        super().__init__(daemon=True)
        self._rollouts, self._order, self._since = rollouts, order, since
        self.lines: list[AppLine] = []
        self.sentences: list[str] = []
        self.outcomes: list[RolloutOutcome] = []
        self.stopped = threading.Event()
        self.start()

    def run(self) -> None:
        self.outcomes.append(
            self._rollouts.prepare(
                self._order, self._since, self.lines.append, self.sentences.append, self.stopped.is_set
            )
        )

    def end(self) -> RolloutOutcome:
        self.join(timeout=DEADLINE_SECONDS)
        assert self.outcomes, "it never ended"
        return self.outcomes[0]

    def reason(self) -> str:
        explanation = self.end().explanation
        assert explanation is not None
        return explanation.reason


class Scene:
    """A club with a project that has a release command."""

    def __init__(self, kube: Talking, club: str) -> None:
        self.kube, self.namespace = kube, f"club-{club}"
        self.kubelet = Kubelet(kube, self.namespace)
        self.settings = RolloutSettings()
        self.order = rollout_order(club=club, release_command=("python", "manage.py", "migrate"))
        self.rollouts.ensure_club(replace(CLUB, slug=club))
        eventually(lambda: (kube.get("ResourceQuota", self.namespace, "budget") or {}).get("status"))

    @property
    def rollouts(self) -> Rollouts:
        return Rollouts(self.kube, self.settings)

    def prepare(self, order: RolloutOrder | None = None, since: datetime | None = None) -> Call:
        return Call(self.rollouts, order or self.order, since)

    def jobs(self) -> list[str]:
        return sorted(job["metadata"]["name"] for job in self.kube.find("Job", self.namespace))

    def pods(self, release: int) -> list[JsonMap]:
        return self.kubelet.pods(**{"madang.dev/prepares": "blog", "madang.dev/release": str(release)})

    def pod(self, release: int = 3, *, besides: str = "", node: str = "node-1") -> JsonMap:
        def look() -> JsonMap | None:
            found = [pod for pod in self.pods(release) if pod["metadata"]["uid"] != besides]
            return found[0] if found else None

        pod = eventually(look)
        self.kubelet.bind(pod, node)
        return pod

    def run(self, pod: JsonMap) -> None:
        self.kubelet.write(pod, phase="Running", containerStatuses=[container("release", running={})])

    def is_seen(self, release: int = 3) -> bool:
        """Whether a worker has seen the release's pod on its node."""
        return RAN_ON in str(self.kube.get("Job", self.namespace, f"blog-release-{release}"))

    def finish(self, pod: JsonMap, code: int, **more: Any) -> None:
        ended = container("release", terminated={"exitCode": code, "reason": more.pop("why", "Error")})
        phase = "Failed" if code else "Succeeded"
        self.kubelet.write(pod, phase=phase, containerStatuses=[ended], **more)


@pytest.fixture
def scene(kube: Kube) -> Iterator[Scene]:
    made = Scene(Talking.from_environment(), f"r{secrets.token_hex(4)}")  # type: ignore[arg-type]
    yield made
    made.rollouts.remove_club(made.order.club)


def a_node(scene: Scene) -> str:
    """One that is ready."""
    name = f"{scene.namespace}-node"
    scene.kube.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    scene.kubelet.announce(name)
    return name


def test_the_release_is_prepared_once_its_command_has_ended_well(scene: Scene) -> None:
    scene.kube.said = ("Applying 0001... OK",)
    call = scene.prepare()
    pod = scene.pod()
    scene.run(pod)
    scene.finish(pod, 0)
    assert call.end() == RolloutOutcome("prepared")
    assert [line.text for line in call.lines] == ["Applying 0001... OK"]
    assert call.sentences[0] == "release command: python manage.py migrate"
    assert scene.kube.find("Deployment", scene.namespace) == []


def test_the_next_worker_goes_on_with_the_same_run_and_repeats_no_line(scene: Scene) -> None:
    scene.kube.said = ("one", "two")
    first = scene.prepare()
    pod = scene.pod()
    scene.run(pod)
    eventually(lambda: len(first.lines) == 2)
    first.stopped.set()
    assert first.end() == RolloutOutcome("stopped")
    scene.kube.said = ("one", "two", "three")
    second = scene.prepare(replace(scene.order, fence=8), since=first.lines[-1].at)
    scene.finish(pod, 0)
    assert second.end() == RolloutOutcome("prepared")
    assert [line.text for line in second.lines] == ["three"]
    assert len(scene.pods(3)) == 1


def test_a_command_that_ended_before_is_not_run_again(scene: Scene) -> None:
    first = scene.prepare()
    scene.finish(scene.pod(), 0)
    assert first.end() == RolloutOutcome("prepared")
    assert scene.prepare(replace(scene.order, fence=8)).end() == RolloutOutcome("prepared")
    assert len(scene.pods(3)) == 1


def test_a_command_that_fails_is_told_with_its_exit_code_and_last_lines(scene: Scene) -> None:
    scene.kube.said = ("Traceback", "ModuleNotFoundError: No module named 'psycopg'")
    call = scene.prepare()
    scene.finish(scene.pod(), 3)
    outcome = call.end()
    assert outcome.state == "failed"
    assert outcome.explanation is not None
    assert outcome.explanation.what == (
        "Your release command `python manage.py migrate` failed (exit code 3)."
    )
    assert outcome.explanation.evidence.endswith("No module named 'psycopg'")
    assert "requirements.txt" in outcome.explanation.next


def test_it_runs_again_when_its_machine_is_lost(scene: Scene) -> None:
    call = scene.prepare()
    gone = scene.pod()
    scene.run(gone)
    eventually(scene.is_seen)
    scene.finish(gone, 137, conditions=DISRUPTED)
    again = scene.pod(besides=gone["metadata"]["uid"])
    scene.finish(again, 0)
    assert call.end() == RolloutOutcome("prepared")
    assert any("runs again (attempt 2)" in sentence for sentence in call.sentences)


@pytest.mark.parametrize("there", [True, False])
def test_a_job_that_ends_with_its_node_says_so(scene: Scene, there: bool) -> None:
    """A node may end a pod before anybody has written why: then the Job ends too."""
    node = a_node(scene) if there else f"{scene.namespace}-gone"
    call = scene.prepare()
    pod = scene.pod(node=node)
    scene.finish(pod, 143)
    outcome = call.end()
    assert (outcome.state, outcome.node_lost) == (("failed", False) if there else ("lost", True))
    scene.kube.delete("Node", None, node)


def test_the_next_worker_knows_the_node_of_a_pod_that_has_left_no_trace(scene: Scene) -> None:
    first = scene.prepare()
    pod = scene.pod(node=f"{scene.namespace}-gone")
    scene.run(pod)
    eventually(scene.is_seen)
    first.stopped.set()
    first.end()
    scene.finish(pod, 143)
    eventually(lambda: finished(scene.kube.get("Job", scene.namespace, "blog-release-3") or {}))
    scene.kubelet.remove(pod)
    outcome = scene.prepare(replace(scene.order, fence=8)).end()
    assert (outcome.state, outcome.node_lost) == ("lost", True)


@pytest.mark.parametrize("there", [True, False])
def test_a_job_that_is_gone_is_lost_with_its_node_or_by_the_platform(scene: Scene, there: bool) -> None:
    node = a_node(scene) if there else f"{scene.namespace}-gone"
    call = scene.prepare()
    scene.run(scene.pod(node=node))
    eventually(scene.is_seen)
    scene.kube.delete("Job", scene.namespace, "blog-release-3")
    outcome = call.end()
    assert (outcome.state, outcome.node_lost) == ("lost", not there)
    scene.kube.delete("Node", None, node)


def test_one_that_takes_too_long_has_failed(scene: Scene) -> None:
    call = scene.prepare()
    pod = scene.pod()
    assert pod["spec"]["activeDeadlineSeconds"] == 600
    scene.kubelet.write(pod, phase="Failed", reason="DeadlineExceeded")
    assert call.reason() == "release-command-too-long"


def test_one_that_waits_for_a_machine_for_ever_is_the_platforms_trouble_and_called_off(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = DrivenClock()
    monkeypatch.setattr(patience, "time", clock)
    call = scene.prepare()
    eventually(lambda: "release command: waiting for a machine with room" in call.sentences)
    clock.pause_seconds = 60.0
    assert call.end().state == "lost"
    assert call.reason() == "release-command-lost"
    assert scene.jobs() == []
    assert clock.now > scene.settings.wait_deadline_seconds


def test_a_club_without_room_is_told_of_its_budget_and_nothing_runs_later(scene: Scene) -> None:
    call = scene.prepare(replace(scene.order, memory_bytes=8 << 30))
    assert call.reason() == "over-budget"
    assert scene.jobs() == []


def test_two_releases_never_run_their_commands_at_once(scene: Scene) -> None:
    first = scene.prepare()
    running = scene.pod(3)
    scene.run(running)
    first.stopped.set()
    first.end()
    second = scene.prepare(replace(scene.order, release=4, fence=8))
    eventually(lambda: "waiting for the release command of release 3 to end" in second.sentences)
    assert scene.jobs() == ["blog-release-3"]
    scene.finish(running, 0)
    scene.finish(scene.pod(4), 0)
    assert second.end() == RolloutOutcome("prepared")


def test_the_command_of_a_superseded_release_that_has_not_begun_never_does(scene: Scene) -> None:
    first = scene.prepare()
    eventually(lambda: scene.pods(3))
    first.stopped.set()
    first.end()
    second = scene.prepare(replace(scene.order, release=4, fence=8))
    scene.finish(scene.pod(4), 0)
    assert second.end() == RolloutOutcome("prepared")
    assert scene.jobs() == ["blog-release-4"]


def test_a_late_worker_of_an_older_release_runs_nothing(scene: Scene) -> None:
    newer = scene.prepare(replace(scene.order, release=4, fence=8))
    pod = scene.pod(4)
    scene.run(pod)
    assert scene.prepare().end().state == "superseded"
    assert scene.jobs() == ["blog-release-4"]
    scene.finish(pod, 0)
    assert newer.end() == RolloutOutcome("prepared")


def test_its_pod_is_none_of_the_running_project(scene: Scene) -> None:
    scene.rollouts.apply(replace(scene.order, release=2, fence=6))
    call = scene.prepare()
    pod = scene.pod()
    service = scene.kube.get("Service", scene.namespace, "blog")
    assert service is not None
    assert not service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert pod["metadata"]["name"] not in {
        one["metadata"]["name"] for one in scene.kubelet.pods(**{"madang.dev/project": "blog"})
    }
    scene.finish(pod, 0)
    call.end()


def test_removing_the_project_takes_it_along(scene: Scene) -> None:
    call = scene.prepare()
    scene.run(scene.pod())
    scene.rollouts.remove_project(scene.order.club, "blog")
    assert scene.jobs() == []
    assert call.end().state == "lost"

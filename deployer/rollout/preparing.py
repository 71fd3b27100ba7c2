"""Run a release's command to its end, over lost nodes and workers; one at a time for a project."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from deployer.errors import DeployerError
from deployer.kube import Conflict, JsonMap, Kube, Missing, at
from deployer.kube.job_node import JobNode
from deployer.kube.jobs import finished
from deployer.kube.patience import Patience, looks
from deployer.kube.pods import Pod, read_pods
from deployer.rollout import failure, names, release_command
from deployer.rollout.applog import AppLine
from deployer.rollout.fencing import fence, overtaken
from deployer.rollout.following import LOG_LINES
from deployer.rollout.observation import PULL_TROUBLE
from deployer.rollout.order import RolloutOrder, RolloutOutcome
from deployer.rollout.saying import Saying
from deployer.rollout.settings import RolloutSettings
from deployer.sentence import Sentence


class Preparing:
    """One call of `Rollouts.prepare`."""

    def __init__(
        self,
        kube: Kube,
        settings: RolloutSettings,
        order: RolloutOrder,
        since: datetime | None,
        log: Callable[[AppLine], None],
        progress: Callable[[Sentence], None],
        stop: Callable[[], bool],
    ) -> None:
        self._kube, self._settings, self._order = kube, settings, order
        self._cursor, self._log, self._stop = since, log, stop
        self._progress, self._saying = progress, Saying(progress)
        self._namespace = names.namespace(order.club)
        self._name = names.release_job(order.project, order.release)
        self._tail: deque[str] = deque(maxlen=LOG_LINES)
        self._pods: list[str] = []
        self._there = False
        self._node = JobNode(kube, self._namespace, self._name)
        self._wait_seconds = 0.0

    def run(self) -> RolloutOutcome:
        patience = Patience()
        for passed in looks(self._stop):
            # Missing: the Job was deleted between two questions, and the next look tells.
            with patience, suppress(Missing):
                outcome = self._look(passed)
                if outcome is not None:
                    return outcome
        return RolloutOutcome("stopped")

    def _look(self, passed: float) -> RolloutOutcome | None:
        job = self._kube.get("Job", self._namespace, self._name)
        if job is None:
            return self._start(passed)
        self._there = True
        found = read_pods(
            self._kube.find(
                "Pod",
                self._namespace,
                labels={names.PREPARES: self._order.project, names.RELEASE: str(self._order.release)},
            )
        )
        pod = found[-1] if found else None
        self._node.see(job, pod)
        if pod is not None:
            self._count(pod)
            self._read(pod)
        if finished(job):
            log, lost = self._end_of_log(pod), self._node.is_lost()
            outcome = release_command.judge(self._order, self._settings, job, pod, log, node_lost=lost)
            return outcome if outcome.state != "lost" else self._give_up(outcome)
        return self._wait(pod, passed)

    def _start(self, passed: float) -> RolloutOutcome | None:
        """Makes the Job as soon as no other release's command is at work."""
        if self._there:
            return release_command.lost(
                "Not your code: the Job of your release command was deleted.",
                self._name,
                node_lost=self._node.is_lost(),
            )
        others = self._kube.find("Job", self._namespace, labels={names.PROJECT: self._order.project})
        if any(fence(job) > self._order.fence for job in others):
            return overtaken()
        if (busy := self._at_work(others)) is not None:
            self._saying.say(
                Sentence("waiting for the release command of release {number} to end", number=busy)
            )
            what = "Not your code: the release command of an earlier release does not end."
            return self._patience(passed, what, busy)
        try:
            self._kube.create(release_command.job(self._order, self._settings))
        except Conflict:
            return None
        self._there = True
        self._progress(Sentence("release command: {doing}", doing=release_command.shown(self._order)))
        return None

    def _at_work(self, jobs: list[JsonMap]) -> str | None:
        """The number of another release whose command still runs; what has not begun is called off."""
        found = self._kube.find("Pod", self._namespace, labels={names.PREPARES: self._order.project})
        alive = {
            str(at(raw, "metadata", "labels", names.RELEASE)): raw
            for raw in found
            if at(raw, "status", "phase") not in ("Succeeded", "Failed")
        }
        for job in jobs:
            pod = alive.get(str(at(job, "metadata", "labels", names.RELEASE)))
            if not finished(job) and at(pod, "status", "phase") != "Running":
                self._kube.delete("Job", self._namespace, job["metadata"]["name"])
        return min(alive, default=None)

    def _wait(self, pod: Pod | None, passed: float) -> RolloutOutcome | None:
        container = pod.container(names.RELEASE_CONTAINER) if pod else None
        if container and (container.running or container.ended):
            return None
        if container and container.waiting in failure.CANNOT_START:
            why = release_command.cannot_start(self._order, container.waiting_message)
            return self._give_up(RolloutOutcome("failed", why))
        if pod is None:
            warning = self._kube.last_event(self._namespace, self._name, type="Warning")
            over, waited = failure.refused(warning), self._wait_seconds + passed
            if over and not (failure.passes(warning) and waited <= self._settings.wait_deadline_seconds):
                return self._give_up(RolloutOutcome("failed", over))
            doing, evidence = Sentence("preparing"), warning
        elif pod.node is None:
            doing, evidence = Sentence("waiting for a machine with room"), pod.unschedulable
        elif container and container.waiting in PULL_TROUBLE:
            doing = Sentence("the image could not be pulled yet")
            evidence = container.waiting_message
        else:
            doing, evidence = Sentence("starting"), pod.message
        self._saying.say(Sentence("release command: {doing}", doing=doing))
        return self._patience(passed, "Not your code: your release command could not start.", evidence)

    def _patience(self, passed: float, what: str, evidence: str) -> RolloutOutcome | None:
        self._wait_seconds += passed
        if self._wait_seconds <= self._settings.wait_deadline_seconds:
            return None
        return self._give_up(release_command.lost(what, evidence))

    def _give_up(self, outcome: RolloutOutcome) -> RolloutOutcome:
        """Nothing of it may run later; the next try begins anew."""
        self._kube.delete("Job", self._namespace, self._name)
        return outcome

    def _count(self, pod: Pod) -> None:
        if pod.uid in self._pods:
            return
        if self._pods:
            self._progress(
                Sentence(
                    "Not your code: the machine was reclaimed; "
                    "the release command runs again (attempt {number}).",
                    number=len(self._pods) + 1,
                )
            )
            self._tail.clear()
        self._pods.append(pod.uid)

    def _read(self, pod: Pod) -> None:
        """Hand on the command's new lines until it ends, goes silent or cannot be read."""
        container = pod.container(names.RELEASE_CONTAINER)
        if container is None or not (container.running or container.ended):
            return
        try:
            lines = self._kube.stream(self._namespace, pod.name, names.RELEASE_CONTAINER, since=self._cursor)
            for line in lines:
                self._cursor = line.at
                self._tail.append(line.text)
                self._log(AppLine(line.at, pod.name, line.text))
                if self._stop():
                    return
        except DeployerError:
            # The node may be gone, or its kubelet restarting: the pod's status tells which, at the next look.
            return

    def _end_of_log(self, pod: Pod | None) -> list[str]:
        """The log's last lines: asked for again, as an earlier worker may have read them."""
        container = names.RELEASE_CONTAINER
        found = self._kube.end_of_log(self._namespace, pod.name, container, LOG_LINES) if pod else None
        return list(self._tail) if found is None else found

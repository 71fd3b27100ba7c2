"""Follow a build from wherever it stands to its end, over lost connections, nodes and workers."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from deployer.build.job import job_name
from deployer.build.logview import LogView
from deployer.build.order import BuildOrder, BuildOutcome, LogLine
from deployer.build.pod import BUILD
from deployer.build.reclaim import Reclaims
from deployer.build.settings import BuildSettings
from deployer.build.verdict import DIGEST, judge
from deployer.build.waiting import Waiting
from deployer.errors import DeployerError
from deployer.kube import JsonMap, Kube, Missing, at
from deployer.kube.job_node import JobNode
from deployer.kube.jobs import finished
from deployer.kube.patience import Patience, looks
from deployer.kube.pods import Pod, read_pods
from deployer.sentence import Sentence

SEEN_PODS = "madang.dev/seen-pods"
LOG_LINES = 400
# A build that talks all the time is left for a look at its pod this often.
LOOK_SECONDS = 5.0
LOST_BECAUSE = {
    "TerminationByKubelet": Sentence("the machine ran short"),
    "PreemptionByScheduler": Sentence("the machine was needed by the platform"),
}
RECLAIMED = Sentence("the machine was reclaimed")


class Following:
    """One call of `Builder.follow`."""

    def __init__(
        self,
        kube: Kube,
        settings: BuildSettings,
        order: BuildOrder,
        since: datetime | None,
        log: Callable[[LogLine], None],
        stop: Callable[[], bool],
    ) -> None:
        self._kube, self._settings, self._order = kube, settings, order
        self._cursor = since
        self._log, self._stop = log, stop
        self._name = job_name(order)
        self._tail: deque[str] = deque(maxlen=LOG_LINES)
        self._view = LogView()
        self._lost_pods: dict[str, str] = {}
        self._node = JobNode(kube, settings.namespace, self._name)
        self._waiting = Waiting(kube, settings, self._name, self._say)
        self._reclaims = Reclaims(kube, settings.namespace, self._name, self._say)

    def run(self) -> BuildOutcome:
        patience = Patience()
        for _ in looks(self._stop):
            # Missing: the Job was deleted between two questions, and the next look tells.
            with patience, suppress(Missing):
                outcome = self._look()
                if outcome is not None:
                    return outcome
        return BuildOutcome("stopped")

    def _look(self) -> BuildOutcome | None:
        """One look at the Job and its pods; reads the log while there is one to read."""
        job = self._kube.get("Job", self._settings.namespace, self._name)
        if job is None:
            return BuildOutcome("cancelled", node_lost=self._node.is_lost())
        labels = {"batch.kubernetes.io/job-name": self._name}
        found = self._kube.find("Pod", self._settings.namespace, labels=labels)
        self._reclaims.tell(job, found)
        pods = read_pods(found)
        restarts = self._count(job, pods)
        pod = pods[-1] if pods else None
        self._node.see(job, pod)
        if pod is not None:
            self._read(pod)
        if finished(job):
            outcome = judge(
                job,
                pod,
                self._end_of_log(pod),
                self._order.limits,
                self._settings.base_images,
                own_dockerfile=self._order.plan.dockerfile is None,
                node_lost=self._node.is_lost(),
            )
            return replace(outcome, restarts=restarts)
        return self._waiting.for_a_pod() if pod is None else self._waiting.for_the_start_of(pod)

    def _count(self, job: JsonMap, pods: list[Pod]) -> int:
        """How many pods came before the newest; kept on the Job, as a lost node's pod leaves no trace."""
        seen: list[str] = json.loads(at(job, "metadata", "annotations", SEEN_PODS, default="[]"))
        for pod in pods:
            if pod.disrupted:
                self._lost_pods[pod.uid] = pod.disrupted
        new = [pod for pod in pods if pod.uid not in seen]
        for pod in new:
            if seen:
                again = Sentence(
                    "Not your code: {because}; building again (attempt {number}).",
                    because=LOST_BECAUSE.get(self._lost_pods.get(seen[-1], ""), RECLAIMED),
                    number=len(seen) + 1,
                )
                self._say(again, pod.created)
                self._tail.clear()
                self._view = LogView()
            seen.append(pod.uid)
        if new:
            note = {"metadata": {"annotations": {SEEN_PODS: json.dumps(seen)}}}
            self._kube.merge("Job", self._settings.namespace, self._name, note)
        return max(0, len(seen) - 1)

    def _read(self, pod: Pod) -> None:
        """Hand on the build container's new lines until it ends, goes silent, cannot be read or talks on."""
        container = pod.container(BUILD)
        if container is None or not (container.running or container.ended):
            return
        began: float | None = None
        try:
            lines = self._kube.stream(self._settings.namespace, pod.name, BUILD, since=self._cursor)
            for line in lines:
                now = time.monotonic()
                began = began or now
                # Not between two lines of one moment: the next reading begins after the moment.
                if container.running and now - began > LOOK_SECONDS and line.at != self._cursor:
                    return
                self._cursor = line.at
                self._tail.append(line.text)
                shown = [] if DIGEST.fullmatch(line.text) else self._view.show(line.text)
                for text in shown:
                    self._log(LogLine(line.at, "build", text))
                if self._stop():
                    return
        except DeployerError:
            # The node may be gone, or its kubelet restarting: the pod's status tells which, at the next look.
            return

    def _end_of_log(self, pod: Pod | None) -> list[str]:
        """The log's last lines: asked for again, as an earlier worker may have read them."""
        found = self._kube.end_of_log(self._settings.namespace, pod.name, BUILD, LOG_LINES) if pod else None
        return list(self._tail) if found is None else found

    def _say(self, text: Sentence, when: datetime) -> None:
        # Never before what was already handed on: a node's clock may be ahead of the API server's.
        self._log(LogLine(max(when, self._cursor) if self._cursor else when, "platform", text))

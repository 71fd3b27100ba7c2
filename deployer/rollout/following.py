"""Follow one rollout until its address answers, or it is plain that it will not."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from deployer.errors import Explanation, PermanentError
from deployer.kube import Kube
from deployer.kube.patience import Patience, looks
from deployer.kube.pods import Pod, read_pods
from deployer.rollout import failure, names, trial
from deployer.rollout.answer import Answer, ask
from deployer.rollout.applying import Applying
from deployer.rollout.fencing import overtaken
from deployer.rollout.observation import NOT_THE_APP, Observation, observe, sentence
from deployer.rollout.order import RolloutOrder, RolloutOutcome
from deployer.rollout.saying import Saying
from deployer.rollout.settings import RolloutSettings
from deployer.sentence import Sentence

log = logging.getLogger(__name__)

# Between two looks no more than this is an app's: while the API server is away or this process stands still,
# nobody hears that a pod has become ready.
MOST_SECONDS = 15.0
LOG_LINES = 60


class Following:
    """One call of `Rollouts.follow`."""

    def __init__(
        self,
        kube: Kube,
        settings: RolloutSettings,
        applying: Applying,
        order: RolloutOrder,
        progress: Callable[[Sentence], None],
        stop: Callable[[], bool],
    ) -> None:
        self._kube, self._settings, self._applying, self._order = kube, settings, applying, order
        self._saying, self._stop = Saying(progress), stop
        self._namespace = names.namespace(order.club)
        self._app_seconds = self._wait_seconds = self._unrouted_seconds = 0.0
        self._tried: Answer | None = None
        self._led = False

    def run(self) -> RolloutOutcome:
        outcome = self._until_ready()
        return outcome if outcome is not None else self._until_answered()

    def _until_ready(self) -> RolloutOutcome | None:
        """None once all replicas of the release are available."""
        patience = Patience()
        for since in looks(self._stop):
            passed = min(since, MOST_SECONDS)
            with patience:
                seen = self._look()
                if isinstance(seen, RolloutOutcome):
                    return seen
                self._saying.say(sentence(seen, self._order.port, self._order.health_path))
                if seen.ready:
                    self._lead()
                if seen.complete:
                    return None
                if seen.held and seen.ready:
                    self._try(passed)
                outcome = self._verdict(seen, passed)
                if outcome is not None:
                    return outcome
        return RolloutOutcome("stopped")

    def _look(self) -> Observation | RolloutOutcome:
        deployment = self._kube.get("Deployment", self._namespace, self._order.project)
        if deployment is None:
            gone = Explanation("removed", "The project was removed while it was rolled out.", "", "")
            return RolloutOutcome("superseded", gone)
        labels = {names.PROJECT: self._order.project, names.RELEASE: str(self._order.release)}
        pods = read_pods(self._kube.find("Pod", self._namespace, labels=labels))
        waiting = [pod for pod in pods if pod.phase == "Pending" and pod.node and not pod.going]
        pulling = frozenset(pod.uid for pod in waiting if self._is_pulling(pod))
        seen = observe(deployment, pods, pulling)
        if seen.fence != self._order.fence:
            return overtaken()
        return seen

    def _lead(self) -> None:
        """Visitors come as soon as one copy takes them."""
        if self._led:
            return
        try:
            self._led = self._applying.lead(self._order)
        except PermanentError as error:
            if error.explanation.reason != "superseded":
                raise
            # The next look tells.

    def _try(self, passed: float) -> None:
        """Ask a release that is on trial; what it answers, it has loaded."""
        address, path = trial.hostname(self._order), self._order.health_path or "/"
        self._tried = answer = ask(self._settings.ingress_probe_url, address, path)
        self._unrouted_seconds = self._unrouted_seconds + passed if answer.unrouted else 0.0
        if self._unrouted_seconds > self._settings.trial_route_seconds:
            # The platform's own trouble stops nobody: from here on an open port has to do.
            log.warning("no way to %s (%s): its trial ends without an answer", address, answer)
        elif not answer.live:
            return
        try:
            self._applying.open(self._order)
        except PermanentError as error:
            if error.explanation.reason != "superseded":
                raise
            # The next look tells.

    def _verdict(self, seen: Observation, passed: float) -> RolloutOutcome | None:
        """Whether the rollout has failed; None: it goes on."""
        for pod in seen.pods:
            container = failure.app_container(pod)
            if container is not None and not pod.ready and failure.is_failing(container):
                log = self._log_of(pod, previous=container.restarts > 0 and container.ended is None)
                return RolloutOutcome("failed", failure.crash(self._order, container, log))
        if seen.refused and (over := failure.refused(seen.refused)):
            self._wait_seconds += passed
            waits = (
                failure.passes(seen.refused) and self._wait_seconds <= self._settings.wait_deadline_seconds
            )
            return None if waits else RolloutOutcome("failed", over)
        if seen.activity in NOT_THE_APP:
            self._wait_seconds += passed
            if self._wait_seconds > self._settings.wait_deadline_seconds:
                return RolloutOutcome("lost", self._never_started(seen))
            return None
        self._app_seconds += passed
        if self._app_seconds > self._settings.progress_deadline_seconds:
            return self._too_slow(seen)
        return None

    def _too_slow(self, seen: Observation) -> RolloutOutcome:
        unready = [pod for pod in seen.pods if not pod.ready]
        if not unready and seen.held and self._tried is not None:
            return self._no_answer(self._tried)
        if not unready:
            old = Explanation(
                "old-pods-stay",
                "Not your code: the new pods are ready, but the old ones did not leave.",
                "",
                "It is tried again by itself.",
            )
            return RolloutOutcome("lost", old)
        pod = unready[0]
        log = self._log_of(pod, previous=False)
        seconds = self._settings.progress_deadline_seconds
        return RolloutOutcome(
            "failed",
            failure.silent(
                self._order,
                seconds,
                log,
                self._kube.last_event(self._namespace, pod.name, reason="Unhealthy"),
            ),
        )

    def _never_started(self, seen: Observation) -> Explanation:
        pod = next((pod for pod in seen.pods if not pod.ready), None)
        warning = self._kube.last_event(self._namespace, pod.name, type="Warning") if pod else ""
        return failure.never_started(seen.activity, seen.refused, pod, warning)

    def _until_answered(self) -> RolloutOutcome:
        """Live only once the address itself has answered through the ingress."""
        answer = Answer(None, False)
        started = time.monotonic()
        for _ in looks(self._stop):
            self._lead()
            path = self._order.health_path or "/"
            answer = ask(self._settings.ingress_probe_url, self._order.hostname, path)
            if answer.live:
                return RolloutOutcome("live")
            waited = time.monotonic() - started
            self._saying.say(Sentence("all ready; waiting for {url} to answer", url=self._order.url))
            if waited > self._settings.answer_deadline_seconds:
                return self._no_answer(answer)
        return RolloutOutcome("stopped")

    def _no_answer(self, answer: Answer) -> RolloutOutcome:
        if answer.from_app and answer.status is not None:
            labels = {names.PROJECT: self._order.project, names.RELEASE: str(self._order.release)}
            pods = read_pods(self._kube.find("Pod", self._namespace, labels=labels))
            log = self._log_of(pods[-1], previous=False) if pods else []
            return RolloutOutcome("failed", failure.error_answers(self._order, answer.status, log))
        said = answer.error or Sentence("the ingress controller answered {status}", status=str(answer.status))
        return RolloutOutcome("lost", failure.address_silent(self._order, said))

    def _is_pulling(self, pod: Pod) -> bool:
        events = self._kube.events(self._namespace, pod.name)
        reasons = {event.get("reason") for event in events}
        return "Pulling" in reasons and "Pulled" not in reasons

    def _log_of(self, pod: Pod, previous: bool) -> list[str]:
        """The app's last lines, of the run before its last restart if so wished; none if there are none."""
        for before in (previous, False):
            found = self._kube.end_of_log(
                self._namespace, pod.name, names.CONTAINER, LOG_LINES, previous=before
            )
            if found:
                return found
        return []

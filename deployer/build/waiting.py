"""A build that waits, for room or for its builder to start: say so, and give up when it waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from deployer.build.order import BuildOutcome
from deployer.build.pod import BUILD, SOURCE
from deployer.build.settings import BuildSettings
from deployer.errors import Explanation
from deployer.kube import Kube
from deployer.kube.pods import Pod
from deployer.sentence import Sentence

# A pusher need not hear of what every build takes.
USUAL = timedelta(seconds=8)


class Waiting:
    """What one follower has seen of a build's waiting, and said of it."""

    def __init__(
        self, kube: Kube, settings: BuildSettings, job: str, say: Callable[[Sentence, datetime], None]
    ) -> None:
        self._kube, self._settings, self._job, self._say = kube, settings, job, say
        self._told: set[str] = set()
        self._no_pod_since: datetime | None = None

    def for_a_pod(self) -> BuildOutcome | None:
        """There is no pod: between two of them, or because other builds use up the namespace's quota."""
        now = datetime.now(UTC)
        self._no_pod_since = self._no_pod_since or now
        waited = now - self._no_pod_since
        if waited > USUAL and "quota" not in self._told and self._refused():
            self._say_once("quota", Sentence("Waiting for room beside the other builds."))
        if waited < timedelta(seconds=self._settings.room_wait_seconds):
            return None
        why = self._kube.last_event(self._settings.namespace, self._job, type="Warning")
        return _gave_up("no-room", "Not your code: there was no room for the build.", why)

    def _refused(self) -> bool:
        """Whether a pod was refused; a Job also pauses by itself, for 10 s and more after a pod was lost."""
        return bool(self._kube.last_event(self._settings.namespace, self._job, reason="FailedCreate"))

    def for_the_start_of(self, pod: Pod) -> BuildOutcome | None:
        """The pod waits for a node, then for its containers; None also when it waits for nothing."""
        self._no_pod_since = None
        waited = datetime.now(UTC) - pod.created
        if pod.unschedulable:
            if waited > USUAL:
                told = Sentence("Waiting for a machine with room for the build.")
                self._say_once(f"{pod.uid} room", told)
            if waited < timedelta(seconds=self._settings.room_wait_seconds):
                return None
            what = "Not your code: no machine had room for the build."
            return _gave_up("no-room", what, pod.unschedulable)
        if pod.phase != "Pending" or any(one.running or one.ended for one in pod.containers):
            return None
        if waited > USUAL:
            machine = pod.node or Sentence("a machine")
            told = Sentence("The builder is starting on {machine}.", machine=machine)
            self._say_once(f"{pod.uid} start", told)
        if waited < timedelta(seconds=self._settings.start_wait_seconds + self._room_seconds(pod)):
            return None
        what = "Not your code: the builder did not start."
        return _gave_up("builder-did-not-start", what, self._why_not_started(pod))

    def _room_seconds(self, pod: Pod) -> int:
        """A pod that had to wait for a node gets that time on top."""
        return self._settings.room_wait_seconds if f"{pod.uid} room" in self._told else 0

    def _why_not_started(self, pod: Pod) -> str:
        for container in pod.containers:
            if container.name in (SOURCE, BUILD) and container.waiting_message:
                return f"{container.waiting}: {container.waiting_message}"
        return self._kube.last_event(self._settings.namespace, pod.name, type="Warning")

    def _say_once(self, topic: str, text: Sentence) -> None:
        if topic not in self._told:
            self._told.add(topic)
            self._say(text, datetime.now(UTC))


def _gave_up(reason: str, what: str, evidence: str) -> BuildOutcome:
    told = Explanation(reason, what, evidence, "It is built again by itself.")
    return BuildOutcome("lost", explanation=told)

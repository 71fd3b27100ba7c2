"""The node of a build is taken away while it builds: the pusher hears it at once, and once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from deployer.kube import JsonMap, Kube, at
from deployer.kube.pods import moment
from deployer.sentence import Sentence

# Of the spot handler, on the build's pod: until when it may still finish (RFC 3339).
INTERRUPTED_UNTIL = "madang.dev/interrupted-until"
# On the Job: what was said of which pod, so that the next worker does not say it again.
TOLD = "madang.dev/told-reclaims"
MAY_FINISH = Sentence(
    "The node of this build is being reclaimed; it may still finish, else it starts again on another node."
)
STARTS_AGAIN = Sentence("Node reclaimed: the build starts again on another node.")


class Reclaims:
    """What one follower says of its Job's pods."""

    def __init__(
        self, kube: Kube, namespace: str, job: str, say: Callable[[Sentence, datetime], None]
    ) -> None:
        self._kube, self._namespace, self._job, self._say = kube, namespace, job, say

    def tell(self, job: JsonMap, pods: Sequence[JsonMap]) -> None:
        """Say what is new; `pods` are the Job's, as the API gives them."""
        told: list[str] = json.loads(at(job, "metadata", "annotations", TOLD, default="[]"))
        new: list[str] = []
        for pod in pods:
            for topic, text in news(pod).items():
                if topic not in told:
                    # Not now: what the build said before and is read later would seem to be read already.
                    self._say(text, moment(at(pod, "metadata", "creationTimestamp")))
                    new.append(topic)
        if new:
            note = {"metadata": {"annotations": {TOLD: json.dumps([*told, *new])}}}
            self._kube.merge("Job", self._namespace, self._job, note)


def news(pod: JsonMap) -> dict[str, Sentence]:
    """What there is to say of a pod, by topic. Pure.

    An eviction is told only of a pod that has not ended its work: else the build is done, wherever it was.
    """
    uid = at(pod, "metadata", "uid")
    interrupted = at(pod, "metadata", "annotations", INTERRUPTED_UNTIL) is not None
    if at(pod, "status", "phase") == "Succeeded":
        return {}
    if _evicted(pod, interrupted):
        return {f"{uid} evicted": STARTS_AGAIN}
    if interrupted and at(pod, "status", "phase") != "Failed":
        return {f"{uid} interrupted": MAY_FINISH}
    return {}


def _evicted(pod: JsonMap, interrupted: bool) -> bool:
    """Evicted through the API, or lost in another way after the spot handler had announced it."""
    for condition in at(pod, "status", "conditions", default=[]):
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            return interrupted or condition.get("reason") == "EvictionByEvictionAPI"
    return False

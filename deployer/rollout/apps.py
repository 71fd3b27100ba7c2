"""All running apps at once, in few requests: how their copies ended, and what they use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deployer.kube import JsonMap, Kube, at
from deployer.kube.pods import moment
from deployer.kube.quantity import amount
from deployer.rollout import names
from deployer.rollout.traffic import Count, by_owner, places, read

_OURS = {"app.kubernetes.io/managed-by": "madang"}


@dataclass(frozen=True)
class Ending:
    """The last end of a pod's app, before the kubelet started it again; `restarts` numbers it."""

    club: str
    project: str
    release: int
    pod: str
    uid: str
    restarts: int
    at: datetime
    exit_code: int
    reason: str


@dataclass(frozen=True)
class Use:
    """What a project's copies use together."""

    copies: int
    cpu_millicores: float
    memory_bytes: int


class Apps:
    """The apps of every club."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    def endings(self) -> list[Ending]:
        """The last end of each pod that has one; one request."""
        return endings(self._kube.find("Pod", None, labels=_OURS))

    def last_words(self, ending: Ending, lines: int) -> list[str]:
        """What the app printed last before that end; nothing if its node has it no more."""
        namespace = names.namespace(ending.club)
        return self._kube.end_of_log(namespace, ending.pod, names.CONTAINER, lines, previous=True) or []

    def usage(self) -> dict[tuple[str, str], Use]:
        """By club and project, as the metrics server last saw it; two requests."""
        pods = self._kube.find("Pod", None, labels=_OURS)
        return usage(pods, self._kube.find("PodMetrics", None, labels=_OURS))

    def traffic(self, namespace: str) -> dict[str, dict[tuple[str, str], Count]]:
        """What each pod of the ingress controller has counted, by club and project; asks each once.

        Empty where it does not tell. Raises TemporaryError if one of them does not answer.
        """
        found = places(self._kube.find("Pod", namespace, fields={"status.phase": "Running"}))
        if not found:
            return {}
        owners = [
            (at(ingress, "metadata", "labels", names.CLUB), at(ingress, "metadata", "labels", names.PROJECT))
            for ingress in self._kube.find("Ingress", None, labels=_OURS)
        ]
        known = [(club, project) for club, project in owners if club and project]
        return {pod: by_owner(read(url), known) for pod, url in found.items()}


def endings(pods: Sequence[JsonMap]) -> list[Ending]:
    """Pure: from the pods as the API server gives them."""
    return [found for pod in pods if (found := _ending(pod)) is not None]


def usage(pods: Sequence[JsonMap], measured: Sequence[JsonMap]) -> dict[tuple[str, str], Use]:
    """Pure: the pods say whose they are, the measurements what their app uses."""
    owners = {
        (pod["metadata"]["namespace"], pod["metadata"]["name"]): (labels[names.CLUB], labels[names.PROJECT])
        for pod in pods
        if {names.CLUB, names.PROJECT} <= (labels := at(pod, "metadata", "labels", default={})).keys()
    }
    found: dict[tuple[str, str], Use] = {}
    for each in measured:
        owner = owners.get((each["metadata"]["namespace"], each["metadata"]["name"]))
        for container in each.get("containers", []):
            if owner is None or container["name"] != names.CONTAINER:
                continue
            before = found.get(owner, Use(0, 0.0, 0))
            found[owner] = Use(
                copies=before.copies + 1,
                cpu_millicores=before.cpu_millicores + amount(at(container, "usage", "cpu")) * 1000,
                memory_bytes=before.memory_bytes + int(amount(at(container, "usage", "memory"))),
            )
    return found


def _ending(pod: JsonMap) -> Ending | None:
    labels = at(pod, "metadata", "labels", default={})
    if not {names.CLUB, names.PROJECT, names.RELEASE} <= labels.keys():
        return None
    for status in at(pod, "status", "containerStatuses", default=[]):
        ended = at(status, "lastState", "terminated")
        if status["name"] == names.CONTAINER and ended is not None:
            return Ending(
                club=labels[names.CLUB],
                project=labels[names.PROJECT],
                release=int(labels[names.RELEASE]),
                pod=pod["metadata"]["name"],
                uid=pod["metadata"]["uid"],
                restarts=int(status.get("restartCount", 0)),
                at=moment(ended.get("finishedAt")),
                exit_code=int(ended.get("exitCode", 0)),
                reason=str(ended.get("reason", "")),
            )
    return None

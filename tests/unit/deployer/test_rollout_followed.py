"""A rollout is followed over an API server that is away for a while."""

from __future__ import annotations

from typing import Any, cast

import pytest

from deployer.errors import Explanation, TemporaryError
from deployer.kube import Kube, patience
from deployer.rollout import RolloutOutcome, names
from deployer.rollout.applying import Applying
from deployer.rollout.following import Following
from tests.unit.deployer.orders import ROLLOUT_SETTINGS, rollout_order

ORDER = rollout_order()
AWAY = TemporaryError(Explanation("kubernetes-unreachable", "The API server did not answer.", "", ""))


class Cluster:
    """As much of one as a follower asks, with the time that its answers take: one pod, not ready yet."""

    def __init__(self, *answers_take: float) -> None:
        self.now = 0.0
        self.looks = 0
        self._take = list(answers_take)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def get(self, kind: str, namespace: str, name: str) -> Any:
        self.looks += 1
        if self._take and (taken := self._take.pop(0)):
            self.now += taken
            raise AWAY
        return {
            "metadata": {"generation": 1, "annotations": {names.FENCE: str(ORDER.fence)}},
            "spec": {"replicas": 1},
            "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1},
        }

    def find(self, kind: str, namespace: str, **selectors: Any) -> Any:
        metadata = {"name": "p", "uid": "u", "creationTimestamp": "2026-11-25T03:00:00Z"}
        running = {"name": names.CONTAINER, "state": {"running": {}}}
        status = {"phase": "Running", "containerStatuses": [running]}
        return [{"metadata": metadata, "spec": {"nodeName": "n"}, "status": status}]

    def end_of_log(self, *where: object, **more: object) -> list[str]:
        return []

    def last_event(self, *where: object, **more: object) -> str:
        return ""


def follow(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, looks: int) -> RolloutOutcome:
    """What becomes of it within so many looks."""
    monkeypatch.setattr(patience, "time", cluster)
    kube, nothing = cast("Kube", cluster), cast("Applying", None)
    settings, quiet = ROLLOUT_SETTINGS, lambda _: None
    return Following(kube, settings, nothing, ORDER, quiet, lambda: cluster.looks >= looks).run()


def test_the_time_in_which_nobody_answered_is_not_the_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    away_seconds = 2.0 * ROLLOUT_SETTINGS.progress_deadline_seconds
    assert follow(Cluster(0, away_seconds), monkeypatch, looks=5).state == "stopped"


def test_an_app_that_is_seen_and_does_not_become_ready_has_its_time_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster()
    looks = int(ROLLOUT_SETTINGS.progress_deadline_seconds / patience.PAUSE_SECONDS) + 3
    assert follow(cluster, monkeypatch, looks).state == "failed"
    assert cluster.now <= ROLLOUT_SETTINGS.progress_deadline_seconds + 1

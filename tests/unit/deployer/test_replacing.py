"""When a newer release waits for serving pods that are on their way to another node."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployer.kube.pods import HANDOFF
from deployer.rollout import manifests, names, trial
from deployer.rollout.replacing import awaited
from tests.unit.deployer.orders import ROLLOUT_SETTINGS, rollout_order

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
PATIENCE = timedelta(seconds=120)
COMPLETE = {"conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]}
CRASHES = {
    "name": "app",
    "restartCount": 2,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 1}},
}


def running(release: int, *, held: bool = False, status: Mapping[str, Any] | None = None) -> dict[str, Any]:
    found = manifests.deployment(rollout_order(release=release), ROLLOUT_SETTINGS)
    return {**(trial.hold(found) if held else found), "status": status or {}}


def replicaset(release: int, wanted: int = 1, available: int = 1, *, held: bool = False) -> dict[str, Any]:
    return {
        "metadata": {"labels": {names.RELEASE: str(release)}},
        "spec": {"replicas": wanted, "minReadySeconds": trial.HELD_SECONDS if held else 10},
        "status": {"availableReplicas": available},
    }


def pod(
    release: int,
    *,
    age: int = 5,
    ready: bool = False,
    detached: bool = False,
    going: bool = False,
    phase: str = "Running",
    container: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    mark = {HANDOFF: "int-1"} if detached else {"pod-template-hash": f"h{release}"}
    metadata = {
        "name": f"blog-{release}",
        "uid": f"u-{release}",
        "labels": {names.RELEASE: str(release), **mark},
        "creationTimestamp": (NOW - timedelta(seconds=age)).isoformat(),
        **({"deletionTimestamp": "2026-11-25T03:00:00Z"} if going else {}),
    }
    return {
        "metadata": metadata,
        "spec": {"nodeName": "spare"},
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [dict(container)] if container else [],
        },
    }


def waits_for(
    deployment: dict[str, Any], sets: list[dict[str, Any]], pods: list[dict[str, Any]], release: int = 5
) -> int | None:
    order = rollout_order(release=release)
    return awaited(order, deployment, sets, pods, patience=PATIENCE, now=NOW)


OLD = pod(3, age=4000, detached=True)
ON_TRIAL = (running(4, held=True), replicaset(4, available=0, held=True))


@pytest.mark.parametrize("there", [[OLD], [OLD, pod(3)], [pod(3)]], ids=["leaves", "replaced", "lost"])
def test_a_release_after_one_on_trial_waits_for_the_one_that_serves(there: list[dict[str, Any]]) -> None:
    deployment, trials = ON_TRIAL
    assert waits_for(deployment, [trials, replicaset(3, available=0)], [*there, pod(4)]) == 3
    assert waits_for(deployment, [trials, replicaset(3, 3, 2)], [*there, pod(4)]) == 3


def test_one_that_is_ready_but_not_available_yet_is_on_its_way() -> None:
    deployment, trials = ON_TRIAL
    assert waits_for(deployment, [trials, replicaset(3, available=0)], [pod(3, ready=True)]) == 3


def test_a_replicaset_that_still_counts_what_it_let_go_is_not_believed() -> None:
    deployment, trials = ON_TRIAL
    for there in ([OLD], [OLD, pod(3)]):
        assert waits_for(deployment, [trials, replicaset(3, available=1)], there) == 3


def test_nothing_is_waited_for_where_all_that_serve_are_available() -> None:
    deployment, trials = ON_TRIAL
    there = pod(3, ready=True)
    assert waits_for(deployment, [trials, replicaset(3)], [OLD, there, pod(4)]) is None
    assert waits_for(running(3, status=COMPLETE), [replicaset(3)], [there]) is None


def test_one_that_will_not_come_is_not_waited_for() -> None:
    deployment, trials = ON_TRIAL
    sets = [trials, replicaset(3, available=0)]
    crashing = pod(3, container=CRASHES)
    for gone in (crashing, pod(3, age=500), pod(3, going=True), pod(3, phase="Failed")):
        assert waits_for(deployment, sets, [gone]) is None
    assert waits_for(deployment, sets, [OLD, crashing]) is None


def test_a_rollout_that_a_newer_release_takes_the_place_of_is_not_waited_for() -> None:
    updated = {"conditions": [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]}
    rolling = running(4, status=updated)
    serves = pod(3, ready=True)
    assert waits_for(rolling, [replicaset(3), replicaset(4, available=0)], [serves, pod(4)]) is None
    assert waits_for(rolling, [replicaset(4, available=0)], [pod(4)]) is None


def test_but_one_of_its_pods_that_leaves_its_node_is() -> None:
    rolling, leaving = running(4), pod(4, detached=True)
    sets = [replicaset(3, 0, 0), replicaset(4, available=0)]
    assert waits_for(rolling, sets, [leaving, pod(4)]) == 4


def test_the_live_releases_pod_that_was_lost_is_waited_for() -> None:
    assert waits_for(running(4, status=COMPLETE), [replicaset(4, available=0)], [pod(4)]) == 4


def test_the_next_worker_and_a_way_back_wait_for_nothing() -> None:
    deployment, trials = ON_TRIAL
    sets, pods = [trials, replicaset(3, available=0)], [OLD, pod(3)]
    assert waits_for(deployment, sets, pods, release=4) is None
    assert waits_for(deployment, sets, pods, release=3) is None


def test_a_halted_project_has_nothing_on_its_way() -> None:
    assert waits_for(running(4, status=COMPLETE), [replicaset(4, 0, 0)], []) is None

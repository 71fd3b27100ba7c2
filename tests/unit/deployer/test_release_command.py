"""What a release command's Job is, and what is said of its end."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest

from deployer.build import BuildPlan
from deployer.kube.pods import Pod, read_pod
from deployer.rollout import manifests
from deployer.rollout.release_command import job, judge, shown
from tests.unit.deployer.orders import ROLLOUT_SETTINGS, rollout_order

ORDER = rollout_order(release_command=("python", "manage.py", "migrate"))
FAILED = {"status": {"conditions": [{"type": "Failed", "status": "True"}]}}
COMPLETE = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}


def pod(state: dict[str, Any] | None = None, **status: Any) -> Pod:
    statuses = [{"name": "release", "state": state}] if state is not None else []
    return read_pod(
        {
            "metadata": {"name": "p", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"nodeName": "n"},
            "status": {"containerStatuses": statuses, **status},
        }
    )


def ended(code: int, reason: str = "Error", message: str = "") -> Pod:
    return pod({"terminated": {"exitCode": code, "reason": reason, "message": message}})


def reason(one: Pod | None, log: tuple[str, ...] = ()) -> tuple[str, str]:
    outcome = judge(ORDER, ROLLOUT_SETTINGS, FAILED, one, log)
    assert outcome.explanation is not None
    return outcome.state, outcome.explanation.reason


def test_the_job_is_what_kubernetes_1_35_takes() -> None:
    kubernetes_validate.validate(job(ORDER, ROLLOUT_SETTINGS), "1.35", strict=True)


def test_it_has_the_apps_image_config_walls_and_share() -> None:
    release = job(ORDER, ROLLOUT_SETTINGS)["spec"]["template"]["spec"]
    app = manifests.deployment(ORDER, ROLLOUT_SETTINGS)["spec"]["template"]["spec"]
    assert release["securityContext"] == app["securityContext"]
    assert release["automountServiceAccountToken"] is False
    (mine,), (its,) = release["containers"], app["containers"]
    for name in ("image", "envFrom", "env", "securityContext", "resources"):
        assert mine[name] == its[name]
    assert mine["command"] == ["python", "manage.py", "migrate"]


def test_it_runs_once_unless_its_machine_is_lost() -> None:
    spec = job(ORDER, ROLLOUT_SETTINGS)["spec"]
    assert spec["backoffLimit"] == 0
    assert spec["podReplacementPolicy"] == "Failed"
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert rule["action"] == "Ignore"
    assert rule["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (ended(1), ("failed", "release-command-failed")),
        (ended(137, "OOMKilled"), ("failed", "release-command-out-of-memory")),
        (
            ended(128, "StartError", 'exec: "rake": executable file not found in $PATH'),
            ("failed", "release-command-not-found"),
        ),
        (ended(128, "StartError", "permission denied"), ("failed", "release-command-cannot-start")),
        (pod(reason="DeadlineExceeded"), ("failed", "release-command-too-long")),
        (pod(reason="Evicted", message="ephemeral local storage"), ("failed", "release-command-failed")),
        (pod(reason="Evicted", message="low on memory"), ("lost", "release-command-lost")),
        (pod(conditions=[{"type": "DisruptionTarget", "status": "True"}]), ("lost", "release-command-lost")),
        (None, ("lost", "release-command-lost")),
        (pod(), ("lost", "release-command-lost")),
    ],
)
def test_whose_doing_its_end_was(one: Pod | None, expected: tuple[str, str]) -> None:
    assert reason(one) == expected


@pytest.mark.parametrize("code", [137, 143])
def test_one_that_was_stopped_with_its_node_is_lost_with_it(code: int) -> None:
    outcome = judge(ORDER, ROLLOUT_SETTINGS, FAILED, ended(code), (), node_lost=True)
    assert (outcome.state, outcome.node_lost) == ("lost", True)
    assert judge(ORDER, ROLLOUT_SETTINGS, FAILED, ended(code), ()).state == "failed"


def test_a_lost_node_excuses_no_failure_of_its_own() -> None:
    for its_own in (ended(1), ended(137, "OOMKilled"), pod(reason="DeadlineExceeded")):
        outcome = judge(ORDER, ROLLOUT_SETTINGS, FAILED, its_own, (), node_lost=True)
        assert (outcome.state, outcome.node_lost) == ("failed", False)


def test_it_is_told_whether_its_node_took_it_along() -> None:
    disrupted = pod(conditions=[{"type": "DisruptionTarget", "status": "True"}])
    assert judge(ORDER, ROLLOUT_SETTINGS, FAILED, disrupted, ()).node_lost
    for one in (None, pod(), pod(reason="Evicted", message="low on memory")):
        assert judge(ORDER, ROLLOUT_SETTINGS, FAILED, one, (), node_lost=True).node_lost
        assert not judge(ORDER, ROLLOUT_SETTINGS, FAILED, one, ()).node_lost


def test_a_well_ended_one_needs_no_pod_to_prove_it() -> None:
    assert judge(ORDER, ROLLOUT_SETTINGS, COMPLETE, None, ()).state == "prepared"


def test_it_is_shown_as_it_was_written() -> None:
    assert shown(ORDER) == "python manage.py migrate"
    shell = rollout_order(release_command=("/bin/sh", "-c", "exec rake db:$KIND"))
    assert shown(shell) == "rake db:$KIND"


def test_a_stored_plan_from_before_has_no_release_command() -> None:
    assert BuildPlan.from_dict({"language": "python", "port": 8080}).release_command is None
    stored = BuildPlan(language="python", port=8080, release_command=("a", "b")).to_dict()
    assert BuildPlan.from_dict({**stored, "release_command": ["a", "b"]}).release_command == ("a", "b")

"""What is said of a rollout while it goes on, and why it failed."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.kube.pods import Container, Pod, read_pod
from deployer.rollout import failure
from deployer.rollout.observation import NOT_THE_APP, Activity, activity_of, observe, sentence
from tests.unit.deployer.orders import rollout_order

READY = {"type": "Ready", "status": "True"}


def pod(state: dict[str, Any] | None, node: str | None = "n", **status: Any) -> Pod:
    statuses = [{"name": "app", "state": state, **status.pop("container", {})}] if state is not None else []
    return read_pod(
        {
            "metadata": {"name": "p", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"nodeName": node} if node else {},
            "status": {"containerStatuses": statuses, **status},
        }
    )


def deployment(wanted: int = 2, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"generation": 1, "annotations": {"madang.dev/fence": "7"}},
        "spec": {"replicas": wanted},
        "status": {"observedGeneration": 1, **status},
    }


def container(made: Pod) -> Container:
    found = failure.app_container(made)
    assert found is not None
    return found


UNSCHEDULED = pod(None, node=None)
CREATING = pod({"waiting": {"reason": "ContainerCreating"}})
BACKOFF = pod({"waiting": {"reason": "ImagePullBackOff"}})
RUNNING = pod({"running": {}})
UP = pod({"running": {}}, conditions=[READY])
CRASHED = pod(
    {"waiting": {"reason": "CrashLoopBackOff"}},
    container={"restartCount": 1, "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}}},
)


@pytest.mark.parametrize(
    ("made", "pulling", "activity"),
    [
        (UNSCHEDULED, False, Activity.WAITING_FOR_NODE),
        (CREATING, False, Activity.PREPARING),
        (CREATING, True, Activity.PULLING),
        (BACKOFF, False, Activity.PULL_TROUBLE),
        (RUNNING, False, Activity.STARTING),
        (CRASHED, False, Activity.CRASHED),
        (UP, False, Activity.READY),
    ],
)
def test_a_pods_activity_is_read_from_its_status(made: Pod, pulling: bool, activity: Activity) -> None:
    assert activity_of(made, pulling) is activity


def test_the_clock_runs_only_while_the_app_itself_has_a_say() -> None:
    assert Activity.STARTING not in NOT_THE_APP
    assert Activity.CRASHED not in NOT_THE_APP
    assert {
        Activity.WAITING_FOR_NODE,
        Activity.PREPARING,
        Activity.PULLING,
        Activity.PULL_TROUBLE,
    } == NOT_THE_APP


def test_the_least_advanced_pod_is_told() -> None:
    seen = observe(deployment(updatedReplicas=2, replicas=3), [UP, CREATING], frozenset({"u"}))
    assert sentence(seen, 8080, None) == "1 of 2 ready; pulling image"


def test_an_app_that_runs_is_waited_for_where_it_should_answer() -> None:
    seen = observe(deployment(1), [RUNNING], frozenset())
    assert sentence(seen, 8080, None) == "0 of 1 ready; started, waiting for an answer on port 8080"
    assert sentence(seen, 8080, "/up").endswith("an answer on /up on port 8080")


def test_a_rollout_is_complete_when_all_new_pods_serve_and_no_old_one_is_left() -> None:
    status = {"updatedReplicas": 1, "availableReplicas": 1, "replicas": 1}
    assert observe(deployment(1, **status), [UP], frozenset()).complete
    assert not observe(deployment(1, **{**status, "replicas": 2}), [UP], frozenset()).complete
    assert not observe(deployment(1, **{**status, "availableReplicas": 0}), [UP], frozenset()).complete


def test_what_the_controller_has_not_seen_yet_is_not_complete() -> None:
    stale = deployment(1, updatedReplicas=1, availableReplicas=1, replicas=1)
    stale["metadata"]["generation"] = 2
    assert not observe(stale, [UP], frozenset()).complete


def test_one_end_may_pass_and_a_second_is_a_crash() -> None:
    once = pod({"running": {}}, container={"restartCount": 1, "lastState": {"terminated": {"exitCode": 1}}})
    assert not failure.is_failing(container(once))
    assert failure.is_failing(container(CRASHED))


def test_a_crash_is_told_with_its_exit_code_and_last_words() -> None:
    log = ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'flask'"]
    told = failure.crash(rollout_order(), container(CRASHED), log)
    assert told.reason == "app-crashed"
    assert "exit code 3" in told.what
    assert told.evidence.endswith("No module named 'flask'")
    assert "flask" in told.next


def test_an_app_that_may_not_write_is_told_where_it_may() -> None:
    told = failure.crash(
        rollout_order(), container(CRASHED), ["PermissionError: [Errno 13] Permission denied: 'db'"]
    )
    assert "10001" in told.next
    assert "/tmp" in told.next


def test_too_little_memory_names_the_setting() -> None:
    killed = pod(
        {"waiting": {"reason": "CrashLoopBackOff"}},
        container={"restartCount": 1, "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}},
    )
    told = failure.crash(rollout_order(memory_bytes=64 << 20), container(killed), [])
    assert told.reason == "out-of-memory"
    assert "64 MiB" in told.what
    assert "web.memory" in told.next


def test_a_command_that_is_not_there_is_named() -> None:
    said = 'failed to create: runc: exec: "gunicorn": executable file not found in $PATH'
    failing = pod(
        {"waiting": {"reason": "CrashLoopBackOff"}},
        container={
            "restartCount": 1,
            "lastState": {"terminated": {"exitCode": 128, "reason": "StartError", "message": said}},
        },
    )
    told = failure.crash(rollout_order(command=("gunicorn", "a:b")), container(failing), [])
    assert told.what == "The start command gunicorn is not in your image."
    assert told.evidence.startswith("exec: ")


def test_an_app_on_its_own_loopback_is_told_so() -> None:
    told = failure.silent(rollout_order(), 120, [" * Running on http://127.0.0.1:5000"], "")
    assert "nothing answered on port 8080 within 120 s" in told.what
    assert "127.0.0.1:5000" in told.what
    assert "$PORT" in told.next


def test_an_app_on_another_port_is_told_the_setting_that_would_do() -> None:
    told = failure.silent(rollout_order(), 120, ["Listening at: http://0.0.0.0:3000 (1)"], "")
    assert "web.port: 3000" in told.next


def test_an_unhealthy_path_is_told_with_its_status() -> None:
    probe = "Readiness probe failed: HTTP probe failed with statuscode: 500"
    told = failure.silent(rollout_order(health_path="/up"), 60, [], probe)
    assert told.reason == "unhealthy"
    assert "/up answered 500" in told.what


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Server running at http://localhost:3000/", ("localhost", 3000)),
        ("listening on :4000", ("", 4000)),
        ("Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)", ("127.0.0.1", 8000)),
        ("GET /12:34 took 5ms", None),
    ],
)
def test_logs_say_where_an_app_listens(line: str, expected: tuple[str, int] | None) -> None:
    assert failure.listening_on(["noise", line]) == expected


def test_a_full_budget_is_the_clubs_and_another_refusal_is_not() -> None:
    message = (
        'pods "x" is forbidden: exceeded quota: budget, requested: limits.memory=1Gi, used: limits.memory=2Gi'
    )
    told = failure.refused(message)
    assert told is not None
    assert told.evidence.startswith("exceeded quota: budget")
    assert failure.refused('pods "x" is forbidden: violates PodSecurity') is None

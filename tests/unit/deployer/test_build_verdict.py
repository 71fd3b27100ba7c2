"""How a build's Job ended, from the objects alone."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.build import BuildLimits, BuildOutcome
from deployer.build.verdict import judge
from deployer.kube.jobs import finished
from deployer.kube.nodes import is_lost
from deployer.kube.pods import Pod, read_pod

DIGEST = "sha256:" + "d" * 64
COMPLETE = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
FAILED = {"status": {"conditions": [{"type": "Failed", "status": "True"}]}}


def pod(build: dict[str, Any] | None = None, source: dict[str, Any] | None = None, **status: Any) -> Pod:
    def one(name: str, ended: dict[str, Any] | None) -> list[dict[str, Any]]:
        return [{"name": name, "state": {"terminated": ended}}] if ended is not None else []

    deletion = status.pop("deletion", None)
    metadata = {"name": "p", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}
    if deletion:
        metadata["deletionTimestamp"] = deletion
    lists = {"containerStatuses": one("build", build), "initContainerStatuses": one("source", source)}
    return read_pod({"metadata": metadata, "spec": {}, "status": {**lists, **status}})


def judged(job: Any, made: Pod | None, log: tuple[str, ...] = (), *, node_lost: bool = False) -> BuildOutcome:
    limits = BuildLimits(memory_bytes=512 << 20, deadline_seconds=600)
    return judge(job, made, log, limits, (), node_lost=node_lost)


def reason(outcome: BuildOutcome) -> tuple[str, str]:
    assert outcome.explanation is not None
    return outcome.state, outcome.explanation.reason


def test_a_job_without_a_condition_goes_on() -> None:
    assert finished({"status": {"active": 1}}) is None
    assert finished({"status": {"conditions": [{"type": "FailureTarget", "status": "True"}]}}) is None


@pytest.mark.parametrize(
    ("message", "log"), [(DIGEST, ()), (DIGEST + "\n", ("noise",)), ("", ("#16 DONE 4.3s", DIGEST))]
)
def test_the_digest_is_the_termination_message_or_the_last_line(message: str, log: tuple[str, ...]) -> None:
    outcome = judged(COMPLETE, pod({"exitCode": 0, "message": message}), log)
    assert (outcome.state, outcome.digest) == ("succeeded", DIGEST)


def test_a_digest_that_a_student_prints_in_the_middle_is_not_taken() -> None:
    log = ("#6 1.0 " + DIGEST, "a", "b", "c", "d")
    assert judged(COMPLETE, pod({"exitCode": 0, "message": ""}), log).state == "lost"


def test_a_pod_that_vanished_is_the_platforms() -> None:
    assert reason(judged(FAILED, None)) == ("lost", "pod-gone")


def test_a_disrupted_pod_is_the_platforms() -> None:
    disruption = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    assert reason(judged(FAILED, pod(phase="Failed", conditions=[disruption]))) == (
        "lost",
        "machine-reclaimed",
    )


def test_a_lost_node_is_told_from_what_else_the_platform_does_wrong() -> None:
    disruption = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
    assert judged(FAILED, pod(phase="Failed", conditions=[disruption])).node_lost
    assert judged(FAILED, pod({"exitCode": 137}, deletion="2026-01-01T00:00:00Z")).node_lost
    broken = pod({"exitCode": 70})
    assert not judged(FAILED, broken).node_lost
    assert not judged(FAILED, None).node_lost
    assert judged(FAILED, broken, node_lost=True).node_lost
    assert judged(FAILED, None, node_lost=True).node_lost


def test_what_a_lost_node_kills_is_not_the_students_but_what_they_did_is() -> None:
    assert reason(judged(FAILED, pod({"exitCode": 137}), node_lost=True)) == ("lost", "machine-stopped")
    for ended in ({"exitCode": 1}, {"exitCode": 137, "reason": "OOMKilled"}):
        outcome = judged(FAILED, pod(ended), ("#9 ERROR: process did not complete",), node_lost=True)
        assert outcome.node_lost is (outcome.state == "lost")
    done = judged(COMPLETE, pod({"exitCode": 0, "message": DIGEST}), node_lost=True)
    assert (done.state, done.node_lost) == ("succeeded", False)


@pytest.mark.parametrize(
    ("node", "lost"),
    [
        (None, True),
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, False),
        ({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, True),
        ({"spec": {"taints": [{"key": "madang.dev/interrupted", "effect": "NoSchedule"}]}}, True),
        ({"spec": {"taints": [{"key": "madang.dev/at-risk", "effect": "PreferNoSchedule"}]}}, False),
    ],
)
def test_a_node_is_lost_when_it_is_gone_silent_or_fenced(node: Any, lost: bool) -> None:
    assert is_lost(node) is lost


def test_a_build_over_its_time_is_the_students() -> None:
    outcome = judged(FAILED, pod({"exitCode": 143}, reason="DeadlineExceeded"))
    assert reason(outcome) == ("failed", "build-too-long")
    assert outcome.explanation is not None
    assert "10 minutes" in outcome.explanation.what


@pytest.mark.parametrize("ended", [{"exitCode": 137}, {"exitCode": 1, "reason": "OOMKilled"}])
def test_a_build_over_its_memory_is_the_students(ended: dict[str, Any]) -> None:
    assert reason(judged(FAILED, pod(ended))) == ("failed", "out-of-memory")


def test_a_build_killed_with_its_machine_is_not() -> None:
    made = pod({"exitCode": 137, "reason": "Error"}, deletion="2026-01-01T00:01:00Z")
    assert reason(judged(FAILED, made)) == ("lost", "machine-stopped")


@pytest.mark.parametrize("code", [64, 70, 143])
def test_a_builder_that_could_not_work_is_the_platforms(code: int) -> None:
    assert reason(judged(FAILED, pod({"exitCode": code}))) == ("lost", "builder-did-not-work")


def test_a_source_that_could_not_be_fetched_is_the_platforms() -> None:
    made = pod(source={"exitCode": 75, "message": "the git server answered nothing"})
    outcome = judged(FAILED, made)
    assert reason(outcome) == ("lost", "source-unavailable")


def test_too_much_on_disk_is_the_students_and_a_machine_that_ran_short_is_not() -> None:
    full = pod(reason="Evicted", message="Pod ephemeral local storage usage exceeds the total limit")
    short = pod(reason="Evicted", message="The node was low on resource: memory.")
    assert reason(judged(FAILED, full)) == ("failed", "disk-full")
    assert reason(judged(FAILED, short)) == ("lost", "evicted")

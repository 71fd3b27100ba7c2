"""From a queued build to its end, whatever happens on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from portal import sweeping
from portal.builds import running
from portal.builds.cancelling import cancel_build
from portal.builds.models import Build
from portal.builds.selectors import build_for_source_token, queue_position
from portal.builds.trouble import MOST_NODES
from portal.builds.writer import LogWriter
from portal.derived import source_token
from portal.environment import environment
from portal.leases import shutdown
from portal.projects.actions import set_config
from portal.releases.models import Release
from portal.sweeping import sweep

from deployer.build import BuildOrder, BuildOutcome, LogLine
from deployer.errors import DeployerError, Explanation, PermanentError, TemporaryError, UserError
from deployer.sentence import Sentence
from tests.integration.portal.scene import (
    BY,
    WHY,
    ScriptedCluster,
    at,
    lines_of,
    live_number,
    push,
    run_out,
    some_project,
    trouble,
    work,
)


def test_a_push_ends_live(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.lines = [LogLine(at(1), "build", "Step 1"), LogLine(at(2), "build", "Step 2")]
    build = push(project, seen=(Sentence("Python, from requirements.txt"),))
    work()
    build.refresh_from_db()
    assert build.state == "succeeded"
    assert build.stream.state == "succeeded"
    assert live_number(project) == 1
    assert cluster.applied[project.club.slug, "site"].image.endswith(f"@{build.digest}")
    lines = lines_of(build.stream_id)
    assert lines[0].startswith(f"Build {build.pk}: commit")
    assert lines[1] == "Python, from requirements.txt"
    assert lines.index("Step 1") < lines.index("Step 2") < lines.index("1 of 1 ready")
    assert lines[-1] == f"Release 1 is live at http://{project.subdomain}.madang.localhost:8000"


def test_nothing_of_an_ended_build_stays_in_the_cluster(cluster: ScriptedCluster) -> None:
    build = push(some_project())
    work()
    assert cluster.started
    assert not cluster.jobs
    build.refresh_from_db()
    assert build.cleaned_at is not None


def test_the_students_failure_ends_the_build_with_its_three_lines(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.build_outcomes = [BuildOutcome("failed", explanation=WHY)]
    build = push(project)
    work()
    build.refresh_from_db()
    assert (build.state, build.attempt, build.failures) == ("failed", 1, 0)
    assert build.explanation == WHY.to_dict()
    assert (build.stream.state, build.stream.exit_code) == ("failed", 1)
    assert lines_of(build.stream_id)[-3:] == ["It broke.", "  a line of the log", "Mend it."]
    assert not Release.objects.filter(project=project).exists()


def test_a_lost_machine_starts_a_new_attempt_by_itself(cluster: ScriptedCluster) -> None:
    cluster.build_outcomes = [BuildOutcome("lost", explanation=WHY)]
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert (build.state, build.attempt, build.failures) == ("succeeded", 2, 1)
    assert [order.attempt for order in cluster.started] == [1, 2]
    assert any("Not your code" in line and "try 2 of 5" in line for line in lines_of(build.stream_id))


def test_nodes_that_are_lost_never_count_as_failures(cluster: ScriptedCluster) -> None:
    lost = BuildOutcome("lost", explanation=WHY, node_lost=True)
    cluster.build_outcomes = [lost] * (environment().attempts + 2)
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert (build.state, build.failures) == ("succeeded", 0)
    attempts = environment().attempts + 3
    assert [order.attempt for order in cluster.started] == list(range(1, attempts + 1))
    assert "starts again on another machine" in "\n".join(lines_of(build.stream_id))


def test_a_build_that_takes_every_node_with_it_is_given_up(cluster: ScriptedCluster) -> None:
    cluster.build_outcomes = [BuildOutcome("lost", explanation=WHY, node_lost=True)] * 99
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert (build.state, build.attempt, len(cluster.started)) == ("failed", MOST_NODES, 20)


def test_a_silent_cluster_is_asked_again_about_the_same_attempt(cluster: ScriptedCluster) -> None:
    cluster.build_outcomes = [trouble(TemporaryError)]
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert (build.state, build.attempt, build.failures) == ("succeeded", 1, 1)


def test_put_off_work_waits_its_time_and_lets_others_pass(cluster: ScriptedCluster) -> None:
    cluster.build_outcomes = [trouble(TemporaryError)]
    first, second = push(some_project()), push(some_project())
    running.run(first.pk)
    running.run(first.pk)
    running.run(second.pk)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("queued", "succeeded")
    assert queue_position(first) == 1


def test_the_platform_gives_up_after_five_failures_and_says_whose_they_were(cluster: ScriptedCluster) -> None:
    cluster.build_outcomes = [BuildOutcome("lost", explanation=WHY)] * 9
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert (build.state, len(cluster.build_outcomes)) == ("failed", 4)
    assert build.explanation is not None
    assert "not your code's fault" in build.explanation["what"]


def test_a_mistake_of_ours_is_retried_and_given_up_as_ours(cluster: ScriptedCluster) -> None:
    cluster.build_outcomes = [ZeroDivisionError("bug")] * 9
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert build.state == "failed"
    assert build.explanation is not None
    assert build.explanation["reason"] == "internal-error"
    assert "bug" not in "\n".join(lines_of(build.stream_id))


def test_variables_that_no_key_opens_end_a_build_as_our_failure(cluster: ScriptedCluster) -> None:
    project = some_project()
    set_config(by=BY, project=project, set={"TOKEN": "hunter2-hunter2"})
    project.config_vars.update(encrypted=b"of a key that is gone")
    build = push(project)
    work()
    build.refresh_from_db()
    assert (build.state, cluster.started) == ("failed", [])
    assert build.explanation is not None
    assert build.explanation["reason"] == "internal-error"


@pytest.mark.parametrize("error", [UserError, PermanentError])
def test_what_trying_again_does_not_help_ends_the_build_at_once(
    cluster: ScriptedCluster, error: type[UserError | PermanentError]
) -> None:
    cluster.build_outcomes = [trouble(error)]
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert (build.state, len(cluster.started)) == ("failed", 1)


def test_a_job_that_somebody_took_away_is_started_again(cluster: ScriptedCluster) -> None:
    cluster.build_outcomes = [BuildOutcome("cancelled")]
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert (build.state, build.attempt) == ("succeeded", 2)


def test_a_newer_push_supersedes_the_queued_ones_not_the_running(cluster: ScriptedCluster) -> None:
    project = some_project()
    later: list[Build] = []

    def pushes_meanwhile(order: BuildOrder, stop: Callable[[], bool]) -> None:
        if not later:
            later.extend(push(project) for _ in range(3))

    cluster.during_build = pushes_meanwhile
    first = push(project)
    work()
    states = list(Build.objects.filter(project=project).order_by("id").values_list("state", flat=True))
    assert states == ["succeeded", "superseded", "superseded", "succeeded"]
    streams = [build.stream for build in Build.objects.filter(project=project).order_by("id")]
    assert [stream.state for stream in streams][1:3] == ["superseded", "superseded"]
    assert all(stream.exit_code == 1 for stream in streams[1:3])
    assert first.commit != later[-1].commit
    live = Release.objects.get(project=project, state="live")
    assert live.build_id == later[-1].pk


def test_a_queued_build_is_cancelled_at_once(cluster: ScriptedCluster) -> None:
    project = some_project()
    build = push(project)
    assert cancel_build(by=BY, project=project, build_id=build.pk).state == "cancelled"
    work()
    build.refresh_from_db()
    assert (build.state, build.stream.state, cluster.started) == ("cancelled", "cancelled", [])


def test_a_running_build_is_cancelled_and_its_job_goes(cluster: ScriptedCluster, short_leases: None) -> None:
    project = some_project()
    build = push(project)

    def until_stopped(order: BuildOrder, stop: Callable[[], bool]) -> BuildOutcome:
        cancel_build(by=BY, project=project, build_id=build.pk)
        pause = threading.Event()
        while not stop():
            pause.wait(0.01)
        return BuildOutcome("stopped")

    cluster.during_build = until_stopped
    running.run(build.pk)
    build.refresh_from_db()
    assert (build.state, build.stream.state) == ("cancelled", "cancelled")
    assert not cluster.jobs
    assert live_number(project) is None


def test_a_worker_that_is_shut_down_hands_the_running_job_to_the_next(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()
    monkeypatch.setattr(shutdown, "stopping", stopping)
    for module in ("portal.leases.keeper", "portal.builds.running"):
        monkeypatch.setattr(f"{module}.stopping", stopping)
    cluster.lines = [LogLine(at(1), "build", "once")]

    def shuts_down(order: BuildOrder, stop: Callable[[], bool]) -> BuildOutcome | None:
        if not stopping.is_set():
            stopping.set()
            assert stop()
            return BuildOutcome("stopped")
        return None

    cluster.during_build = shuts_down
    build = push(some_project())
    running.run(build.pk)
    build.refresh_from_db()
    assert build.state == "running"
    assert len(cluster.jobs) == 1
    running.run(build.pk)
    build.refresh_from_db()
    assert (build.state, build.attempt, build.takeovers) == ("succeeded", 1, 0)
    assert lines_of(build.stream_id).count("once") == 1


def test_the_next_worker_goes_on_behind_the_last_line_that_was_kept(cluster: ScriptedCluster) -> None:
    cluster.lines = [LogLine(at(n), "build", f"line {n}") for n in range(5)]
    cluster.kill_at, cluster.kill_before = "builder.follow", False
    build = push(some_project())
    work()
    assert cluster.since == [None, at(4)]
    lines = lines_of(build.stream_id)
    assert [line for line in lines if line.startswith("line")] == [f"line {n}" for n in range(5)]


def test_a_new_attempts_log_is_read_from_its_start(cluster: ScriptedCluster) -> None:
    cluster.lines = [LogLine(at(1), "build", "line")]
    cluster.build_outcomes = [BuildOutcome("lost", explanation=WHY)]
    push(some_project())
    work()
    assert cluster.since == [None, None]


def test_secrets_of_the_project_are_in_no_line_and_no_explanation(cluster: ScriptedCluster) -> None:
    project = some_project()
    set_config(by=BY, project=project, set={"TOKEN": "hunter2-hunter2"})
    cluster.lines = [LogLine(at(1), "build", "using hunter2-hunter2")]
    cluster.build_outcomes = [
        BuildOutcome("failed", explanation=type(WHY)("r", "hunter2-hunter2 is bad", "hunter2-hunter2", "n"))
    ]
    build = push(project)
    work()
    build.refresh_from_db()
    assert "using [hidden]" in lines_of(build.stream_id)
    assert "hunter2" not in str(build.explanation) + "\n".join(lines_of(build.stream_id))


def test_what_postgresql_refuses_is_in_no_explanation(cluster: ScriptedCluster) -> None:
    """A program may print anything as its last words: they are the student's failure all the same."""
    told = Explanation("step-failed", "A step failed.", "a\x00b\n" + "x" * 100_000, "Mend\x01 it.")
    cluster.build_outcomes = [BuildOutcome("failed", explanation=told)]
    build = push(some_project())
    work()
    build.refresh_from_db()
    assert (build.state, build.failures) == ("failed", 0)
    assert build.explanation is not None
    first, second = build.explanation["evidence"].split("\n")
    assert (first, build.explanation["next"]) == ("ab", "Mend it.")
    assert len(second) <= environment().log_line_bytes


def test_the_source_token_opens_one_attempt_while_it_runs(cluster: ScriptedCluster) -> None:
    build = push(some_project())
    seen: list[bool] = []

    def tries(order: BuildOrder, stop: Callable[[], bool]) -> None:
        token = order.source_token
        other = source_token(build.pk, order.attempt + 1)
        seen.append(build_for_source_token(build.pk, token) is not None)
        seen.append(build_for_source_token(build.pk + 1, token) is None)
        seen.append(build_for_source_token(build.pk, other) is None)
        seen.append(build_for_source_token(build.pk, "") is None)

    cluster.during_build = tries
    work()
    assert seen == [True] * 4
    assert build_for_source_token(build.pk, source_token(build.pk, 1)) is None
    build.refresh_from_db()
    assert build.source_token_hash == ""


def test_the_sweep_cleans_what_a_dead_worker_left(cluster: ScriptedCluster) -> None:
    cluster.kill_at = "builder.clean"
    push(some_project())
    work()
    assert cluster.jobs
    sweep()
    assert not cluster.jobs


def test_a_sweep_does_not_wait_for_a_silent_cluster_once_for_each_build(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def silent(builder: object, order: BuildOrder) -> None:
        asked.append(order.build)
        raise trouble(TemporaryError)

    with monkeypatch.context() as patch:
        patch.setattr(type(cluster.builder()), "clean", silent)
        for _ in range(3):
            push(some_project())
        work()
        asked.clear()
        assert sweep().cleaned == 0
        assert len(asked) == 1
    assert sweep().cleaned == 3


@pytest.mark.parametrize("error", [PermanentError, TemporaryError])
def test_builds_that_cannot_be_cleaned_keep_no_other_one_from_it(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch, error: type[DeployerError]
) -> None:
    stuck, other = push(some_project()), push(some_project())
    builder = type(cluster.builder())
    clean = builder.clean

    def broken(self: Any, order: BuildOrder) -> None:
        if order.build == str(stuck.pk):
            raise trouble(error)
        clean(self, order)

    monkeypatch.setattr(sweeping, "_CLEANED_AT_ONCE", 1)
    monkeypatch.setattr(builder, "clean", broken)
    work()
    Build.objects.update(cleaned_at=None, retry_at=None)
    for _ in range(2):
        sweep()
    other.refresh_from_db()
    assert other.cleaned_at is not None


def test_a_build_that_kills_every_worker_ends_at_last(cluster: ScriptedCluster) -> None:
    build = push(some_project())
    Build.objects.filter(pk=build.pk).update(takeovers=19, state="running", lease_owner="dead", fence=9)
    Build.objects.filter(pk=build.pk).update(lease_until=at(0))
    running.run(build.pk)
    build.refresh_from_db()
    assert build.state == "failed"
    assert build.explanation is not None
    assert build.explanation["reason"] == "worker-died"


def test_an_endless_log_is_cut_and_the_reader_told(clean: None) -> None:
    written: list[str] = []
    with LogWriter(lambda lines: written.extend(line.text for line in lines), lambda: None, 3) as writer:
        for number in range(10):
            writer.add(running.Line("build", str(number), at(number)))
    connection.close()
    assert written == ["0", "1", "This log is too long; the rest is left out."]


def test_a_log_of_long_lines_is_cut_sooner(clean: None) -> None:
    written: list[str] = []
    with LogWriter(
        lambda lines: written.extend(line.text for line in lines), lambda: None, 100, most_characters=10
    ) as writer:
        for text in ("1234567890", "1", "2"):
            writer.add(running.Line("build", text, at(0)))
    connection.close()
    assert written == ["1234567890", "This log is too long; the rest is left out."]


def test_lines_are_written_in_few_statements(clean: None) -> None:
    batches: list[int] = []
    with LogWriter(lambda lines: batches.append(len(lines)), lambda: None, 10_000) as writer:
        for number in range(900):
            writer.add(running.Line("build", str(number), at(number)))
    assert sum(batches) == 900
    assert len(batches) < 90


def test_time_alone_ends_nothing(cluster: ScriptedCluster) -> None:
    build = push(some_project())
    run_out(Build)
    build.refresh_from_db()
    assert build.state == "queued"

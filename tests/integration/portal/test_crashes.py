"""A worker dies after any step: every push ends, one release is live, the cluster agrees, nothing is left."""

from __future__ import annotations

from typing import Any

import pytest
from portal.builds import running as building
from portal.builds import steps as build_steps
from portal.builds.models import Build, LogStream
from portal.projects.models import Project
from portal.releases import running as rolling
from portal.releases import steps as rollout_steps
from portal.releases.models import Release, Rollout
from portal.sweeping import sweep

from deployer.build import BuildOutcome
from deployer.rollout import RolloutOutcome
from tests.integration.portal.scene import (
    WHY,
    Killed,
    ScriptedCluster,
    lines_of,
    push,
    some_project,
    work,
)

CLUSTER_CALLS = [
    "builder.start",
    "builder.follow",
    "builder.clean",
    "rollouts.ensure_club",
    "rollouts.apply",
    "rollouts.follow",
]
DATABASE_STEPS = [
    (build_steps, "begin"),
    (build_steps, "succeed"),
    (build_steps, "retry"),
    (rollout_steps, "tell"),
    (rollout_steps, "go_live"),
    (rollout_steps, "begin_undo"),
    (rollout_steps, "fail"),
    (rollout_steps, "retry"),
]


def consistent(cluster: ScriptedCluster, project: Project) -> None:
    assert not Build.objects.filter(state__in=["queued", "running"]).exists()
    assert not Rollout.objects.filter(state__in=["queued", "running", "undoing"]).exists()
    assert not LogStream.objects.filter(state="open").exists()
    sweep()
    assert not cluster.jobs
    live = list(Release.objects.filter(project=project, state="live"))
    assert len(live) <= 1
    there = cluster.applied.get((project.club.slug, project.slug))
    assert (there.release if there else None) == (live[0].number if live else None)
    assert (there.image.split("@")[1] if there else None) == (live[0].digest if live else None)
    numbers = list(
        Release.objects.filter(project=project).order_by("number").values_list("number", flat=True)
    )
    assert numbers == list(range(1, len(numbers) + 1))
    for stream in LogStream.objects.all():
        lines_of(stream.pk)


def die_once(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, *, before: bool) -> list[str]:
    """The worker dies right before or right after this step's transaction."""
    original, deaths = getattr(module, name), []

    def step(*args: Any, **kwargs: Any) -> Any:
        if deaths:
            return original(*args, **kwargs)
        deaths.append(name)
        if not before:
            original(*args, **kwargs)
        raise Killed(name)

    monkeypatch.setattr(module, name, step)
    return deaths


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("call", CLUSTER_CALLS)
def test_a_push_goes_live_though_its_worker_died_in_the_cluster(
    cluster: ScriptedCluster, call: str, before: bool
) -> None:
    project = some_project()
    push(project)
    work()
    cluster.kill_at, cluster.kill_before = call, before
    newer = push(project)
    work()
    assert cluster.kill_at == ""
    consistent(cluster, project)
    assert Release.objects.get(project=project, state="live").build_id == newer.pk


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("module", "name"), DATABASE_STEPS, ids=[name for _, name in DATABASE_STEPS])
def test_everything_converges_though_the_worker_died_at_a_step(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, before: bool
) -> None:
    project = some_project()
    push(project)
    work()
    cluster.build_outcomes = [BuildOutcome("lost", explanation=WHY)]
    cluster.rollout_outcomes = [RolloutOutcome("lost", WHY), RolloutOutcome("failed", WHY)]
    deaths = die_once(monkeypatch, module, name, before=before)
    push(project)
    work()
    push(project)
    work()
    assert deaths
    consistent(cluster, project)
    assert Release.objects.filter(project=project, state="live").exists()


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("call", ["rollouts.apply", "rollouts.remove_project"])
def test_taking_back_is_finished_by_the_next_worker(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch, call: str, before: bool
) -> None:
    project = some_project()
    if call == "rollouts.apply":
        push(project)
        work()
    cluster.rollout_outcomes = [RolloutOutcome("failed", WHY)]
    original = rollout_steps.begin_undo

    def then_die(*args: Any) -> None:
        original(*args)
        cluster.kill_at, cluster.kill_before = call, before

    monkeypatch.setattr(rollout_steps, "begin_undo", then_die)
    bad = push(project)
    work()
    assert cluster.kill_at == ""
    consistent(cluster, project)
    bad.stream.refresh_from_db()
    assert bad.stream.state == "failed"


def test_a_lost_nudge_costs_a_sweep_no_more(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr("portal.nudge._send", lambda task, row_id: sent.append((task, row_id)))
    build = push(some_project())
    sent.clear()
    assert sweep().builds == 1
    assert sent == [("portal.builds.tasks.run_build", build.pk)]
    building.run(build.pk)
    sent.clear()
    assert sweep().rollouts == 1
    rolling.run(sent[0][1])
    consistent(cluster, build.project)
    sent.clear()
    assert sweep().rollouts == 0
    assert sent == []

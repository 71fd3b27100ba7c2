"""A project's release command (`release:` of its Procfile) runs before each of its releases is rolled out."""

from __future__ import annotations

import pytest
from portal.builds import queue as builds
from portal.builds import running as building
from portal.builds.trouble import MOST_NODES
from portal.environment import environment
from portal.projects.actions import set_config
from portal.releases import running
from portal.releases.actions import rollback
from portal.releases.models import Rollout

from deployer.rollout import AppLine, RolloutOutcome
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
    survive,
    work,
)
from tests.integration.portal.test_rolling_out import in_cluster, states

MIGRATE = ("python", "manage.py", "migrate")


def prepared(cluster: ScriptedCluster) -> list[int]:
    return [order.release for order in cluster.prepared]


def test_each_push_config_change_and_rollback_runs_it_first(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project, release_command=MIGRATE)
    work()
    set_config(by=BY, project=project, set={"COLOUR": "red"})
    work()
    rollback(by=BY, project=project, number=1)
    work()
    assert prepared(cluster) == [1, 2, 3]
    assert {order.release_command for order in cluster.prepared} == {MIGRATE}
    assert live_number(project) == 3


def test_a_project_without_one_has_nothing_to_run(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project)
    work()
    assert prepared(cluster) == []
    assert live_number(project) == 1


def test_when_it_fails_the_release_has_failed_and_the_old_one_serves_on(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project, release_command=MIGRATE)
    work()
    cluster.release_outcomes = [RolloutOutcome("failed", WHY)]
    bad = push(project, release_command=MIGRATE)
    work()
    assert states(project) == [(1, "live"), (2, "failed")]
    assert in_cluster(cluster, project) == 1
    assert prepared(cluster) == [1, 2]
    assert WHY.what in "\n".join(lines_of(bad.stream_id))


def test_the_pusher_sees_its_lines_once_although_a_worker_died(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.release_lines = [AppLine(at(1), "p", "Applying 0001"), AppLine(at(2), "p", "Applying 0002")]
    cluster.kill_at, cluster.kill_before = "rollouts.prepare", False
    build = push(project, release_command=MIGRATE)
    work()
    lines = lines_of(build.stream_id)
    assert prepared(cluster) == [1, 1]
    assert [line for line in lines if line.startswith("Applying")] == ["Applying 0001", "Applying 0002"]
    assert live_number(project) == 1


def test_its_lines_are_the_rollouts_and_show_no_secret(cluster: ScriptedCluster) -> None:
    project = some_project()
    set_config(by=BY, project=project, set={"PASSWORD": "correct horse battery"})
    cluster.release_lines = [AppLine(at(1), "p", "connecting with correct horse battery")]
    build = push(project, release_command=MIGRATE)
    work()
    (entry,) = build.stream.entries.filter(text__startswith="connecting")
    assert entry.kind == "rollout"
    assert "horse" not in entry.text


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_worker_that_dies_beside_it_leaves_the_rest_to_the_next(
    cluster: ScriptedCluster, before: bool
) -> None:
    project = some_project()
    cluster.kill_at, cluster.kill_before = "rollouts.prepare", before
    push(project, release_command=MIGRATE)
    work()
    assert live_number(project) == 1


def test_a_lost_machine_is_no_failure_of_the_release(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.release_outcomes = [RolloutOutcome("lost", WHY)]
    push(project, release_command=MIGRATE)
    work()
    assert prepared(cluster) == [1, 1]
    assert live_number(project) == 1


def test_nodes_that_are_lost_never_count_as_failures(cluster: ScriptedCluster) -> None:
    project = some_project()
    lost = RolloutOutcome("lost", WHY, node_lost=True)
    cluster.release_outcomes = [lost] * (environment().attempts + 2)
    build = push(project, release_command=MIGRATE)
    work()
    rollout = Rollout.objects.get(project=project)
    assert (rollout.state, rollout.failures) == ("succeeded", 0)
    assert len(prepared(cluster)) == environment().attempts + 3
    assert "starts again on another machine" in "\n".join(lines_of(build.stream_id))


def test_a_command_that_takes_every_node_with_it_is_given_up(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.release_outcomes = [RolloutOutcome("lost", WHY, node_lost=True)] * 99
    push(project, release_command=MIGRATE)
    work()
    assert states(project) == [(1, "failed")]
    assert len(prepared(cluster)) == MOST_NODES


def test_nothing_is_applied_before_it_has_ended(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.release_outcomes = [RolloutOutcome("stopped")]
    push(project, release_command=MIGRATE)
    for build_id in builds.startable():
        survive(building.run, build_id)
    survive(running.run, Rollout.objects.get(project=project).pk)
    assert in_cluster(cluster, project) is None
    run_out(Rollout)
    work()
    assert in_cluster(cluster, project) == 1

"""From a release to a live address, and back when it is bad."""

from __future__ import annotations

from collections.abc import Callable

from portal.derived import pull_password
from portal.projects.actions import set_config
from portal.projects.selectors import config
from portal.releases import running
from portal.releases.actions import rollback
from portal.releases.models import Release, Rollout

from deployer.errors import PermanentError, TemporaryError
from deployer.rollout import RolloutOrder, RolloutOutcome
from tests.integration.portal.scene import (
    BY,
    WHY,
    ScriptedCluster,
    lines_of,
    live_number,
    push,
    some_project,
    trouble,
    work,
)


def states(project: object) -> list[tuple[int, str]]:
    return list(
        Release.objects.filter(project=project).order_by("number").values_list("number", "state")  # type: ignore[misc]
    )


def in_cluster(cluster: ScriptedCluster, project: object) -> int | None:
    found = cluster.applied.get((project.club.slug, project.slug))  # type: ignore[attr-defined]
    return found.release if found else None


def test_the_second_release_retires_the_first(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project)
    work()
    push(project)
    work()
    assert states(project) == [(1, "retired"), (2, "live")]
    assert in_cluster(cluster, project) == 2


def test_a_bad_release_is_taken_back_and_the_live_one_stays(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project)
    work()
    cluster.rollout_outcomes = [RolloutOutcome("failed", WHY)]
    bad = push(project)
    work()
    assert states(project) == [(1, "live"), (2, "failed")]
    assert in_cluster(cluster, project) == 1
    bad.stream.refresh_from_db()
    assert (bad.stream.state, bad.stream.exit_code) == ("failed", 1)
    assert lines_of(bad.stream_id)[-4:] == [
        "Release 2 is taken back; release 1 serves on.",
        "It broke.",
        "  a line of the log",
        "Mend it.",
    ]


def test_a_bad_first_release_leaves_nothing_running(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.rollout_outcomes = [RolloutOutcome("failed", WHY)]
    push(project)
    work()
    assert states(project) == [(1, "failed")]
    assert in_cluster(cluster, project) is None


def test_the_platforms_failure_is_tried_again_and_never_the_students(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.rollout_outcomes = [RolloutOutcome("lost", WHY), trouble(TemporaryError)]
    build = push(project)
    work()
    assert states(project) == [(1, "live")]
    assert any("Not your code" in line for line in lines_of(build.stream_id))


def test_the_platform_gives_up_after_five_failures_with_the_old_release_serving(
    cluster: ScriptedCluster,
) -> None:
    project = some_project()
    push(project)
    work()
    cluster.rollout_outcomes = [RolloutOutcome("lost", WHY)] * 9
    build = push(project)
    work()
    assert states(project) == [(1, "live"), (2, "failed")]
    assert in_cluster(cluster, project) == 1
    assert any("not your code's fault" in line for line in lines_of(build.stream_id))


def test_what_the_cluster_refuses_for_good_is_taken_back(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project)
    work()
    cluster.rollout_outcomes = [trouble(PermanentError)]
    push(project)
    work()
    assert states(project) == [(1, "live"), (2, "failed")]
    assert in_cluster(cluster, project) == 1


def test_a_newer_release_stops_the_rollout_at_work_and_wins(
    cluster: ScriptedCluster, short_leases: None
) -> None:
    project = some_project()
    newer: list[int] = []

    def meanwhile(order: RolloutOrder, stop: Callable[[], bool]) -> RolloutOutcome | None:
        if newer:
            return None
        from portal.builds import running as building

        newer.append(push(project).pk)
        building.run(newer[0])
        while not stop():
            pass
        return RolloutOutcome("stopped")

    cluster.during_rollout = meanwhile
    older = push(project)
    work()
    assert states(project) == [(1, "retired"), (2, "live")]
    assert Release.objects.get(project=project, number=1).reason == "superseded"
    older.stream.refresh_from_db()
    assert older.stream.state == "superseded"
    assert in_cluster(cluster, project) == 2


def test_a_change_of_config_is_a_new_release_of_the_live_build(cluster: ScriptedCluster) -> None:
    project = some_project()
    assert set_config(by=BY, project=project, set={"A": "one"}).rollout is None
    build = push(project)
    work()
    change = set_config(by=BY, project=project, set={"A": "two", "B": "x"}, unset=["C"])
    assert change.changed == ("A", "B")
    assert change.rollout is not None
    work()
    assert states(project) == [(1, "retired"), (2, "live")]
    order = cluster.applied[project.club.slug, project.slug]
    assert order.config == {"A": "two", "B": "x"}
    assert order.image.endswith(f"@{Release.objects.get(project=project, number=1).digest}")
    assert Release.objects.get(project=project, number=2).build_id == build.pk
    assert set_config(by=BY, project=project, set={"A": "two"}).changed == ()


def test_a_rollback_is_a_new_release_with_the_old_build_and_config(cluster: ScriptedCluster) -> None:
    project = some_project()
    set_config(by=BY, project=project, set={"A": "one"})
    first = push(project)
    work()
    set_config(by=BY, project=project, set={"A": "two"})
    work()
    push(project)
    work()
    rollback(by=BY, project=project, number=1)
    work()
    assert states(project) == [(1, "retired"), (2, "retired"), (3, "retired"), (4, "live")]
    live = Release.objects.get(project=project, state="live")
    assert live.build_id == first.pk
    assert cluster.applied[project.club.slug, project.slug].config == {"A": "one"}
    assert config(project) == {"A": "one"}


def test_a_rollback_without_a_number_goes_to_what_was_live_before(cluster: ScriptedCluster) -> None:
    project = some_project()
    first = push(project)
    work()
    push(project)
    work()
    cluster.rollout_outcomes = [RolloutOutcome("failed", WHY)]
    push(project)
    work()
    rollback(by=BY, project=project)
    work()
    assert Release.objects.get(project=project, state="live").build_id == first.pk


def test_the_club_gets_its_walls_and_its_own_registry_login(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project)
    work()
    spec = cluster.clubs[0]
    assert spec.slug == project.club.slug
    assert (spec.pull_username, spec.pull_password) == (
        f"club-{project.club.slug}",
        pull_password(project.club_id),
    )


def test_a_bad_rollout_of_one_project_does_not_touch_another(cluster: ScriptedCluster) -> None:
    good, bad = some_project(), some_project()
    push(good)
    work()
    cluster.rollout_outcomes = [RolloutOutcome("failed", WHY)]
    push(bad)
    work()
    assert live_number(good) == 1
    assert in_cluster(cluster, good) == 1


def test_a_config_that_no_key_opens_is_taken_back_as_our_failure(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project)
    work()
    push(project)
    from portal.builds import running as building
    from portal.builds.models import Build

    building.run(Build.objects.latest("id").pk)
    Release.objects.filter(project=project, number=2).update(encrypted_config=b"of a key that is gone")
    work()
    assert states(project) == [(1, "live"), (2, "failed")]
    assert Release.objects.get(project=project, number=2).reason == "internal-error"


def test_a_rollout_whose_workers_all_died_is_taken_back(cluster: ScriptedCluster) -> None:
    project = some_project()
    push(project)
    work()
    cluster.kill_at = "rollouts.follow"
    push(project)
    from portal.builds import running as building
    from portal.builds.models import Build

    building.run(Build.objects.latest("id").pk)
    Rollout.objects.filter(state="queued").update(takeovers=20)
    work()
    assert states(project) == [(1, "live"), (2, "failed")]
    assert running.WORKERS_DIED.reason == Release.objects.get(project=project, number=2).reason

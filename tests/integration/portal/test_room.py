"""A club's budget over all its projects: pushes, rollbacks and changes of settings keep within it."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from portal.accounts.models import AuditEntry
from portal.accounts.selectors import authenticate
from portal.builds import steps
from portal.builds.cancelling import cancel_build
from portal.builds.models import Build
from portal.clubs.actions import set_budget
from portal.clubs.budget import Share
from portal.clubs.models import Club
from portal.leases.model import Lease
from portal.problems import Problem
from portal.projects.actions import create_project, delete_project, set_config
from portal.projects.models import Project
from portal.projects.selectors import config
from portal.releases.actions import rollback
from portal.releases.models import Release, Rollout
from portal.releases.room import shares_of

from deployer.build import BuildOutcome
from deployer.source import WebSettings
from tests.integration.portal.processes import eventually
from tests.integration.portal.scene import (
    BY,
    WHY,
    ScriptedCluster,
    key_for,
    lines_of,
    live_number,
    push,
    some_project,
    work,
)
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")

GIB = 1 << 30


@pytest.fixture
def site() -> Project:
    """In a club that may take 4 GiB."""
    return some_project("site")


@pytest.fixture
def menu(site: Project) -> Project:
    """The other project of that club."""
    return create_project(by=BY, club=site.club, slug="menu")


def web(gib: float, replicas: int = 1) -> WebSettings:
    return WebSettings(memory_bytes=int(gib * GIB), replicas=replicas)


def refused(error: pytest.ExceptionInfo[Problem]) -> str:
    assert (error.value.status, error.value.explanation.reason) == (409, "over-budget")
    return error.value.explanation.evidence


def lower(club: Club, gib: float) -> None:
    set_budget(by=BY, club=club, budget=Share(int(gib * GIB), 4000, 20))


def test_a_push_beyond_the_budget_is_refused_and_leaves_nothing(
    cluster: ScriptedCluster, site: Project, menu: Project
) -> None:
    push(site, web=web(1.5, replicas=2))
    work()
    with pytest.raises(Problem) as error:
        push(menu, web=web(1.25))
    assert refused(error).splitlines() == [
        "menu: 1280 MiB of memory, 250m of cpu, 1 copy (this release)",
        "site: 3072 MiB of memory, 500m of cpu, 2 copies",
    ]
    assert not Build.objects.filter(project=menu).exists()
    push(menu, web=web(1))
    work()
    assert live_number(menu) == 1


def test_copies_and_cpu_count_as_memory_does(site: Project) -> None:
    with pytest.raises(Problem, match="cpu"):
        push(site, web=WebSettings(cpu_millicores=2001, replicas=2))
    with pytest.raises(Problem, match="copies"):
        push(site, web=WebSettings(cpu_millicores=10, memory_bytes=16 << 20, replicas=21))


def test_a_project_that_says_nothing_takes_its_defaults(site: Project, menu: Project) -> None:
    push(site)
    assert shares_of(site.club) == {"site": Share(256 << 20, 250, 1)}


def test_a_push_waits_for_another_projects_push_that_is_not_committed_yet(
    site: Project, menu: Project
) -> None:
    results: list[Build | BaseException] = []
    second = threading.Thread(target=lambda: results.extend(at_once(lambda: push(menu, web=web(2.5)))))
    with transaction.atomic(), connection.cursor() as cursor:
        push(site, web=web(2.5))
        second.start()

        def waits_or_has_ended() -> bool:
            cursor.execute("SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")
            return cursor.fetchone() is not None or not second.is_alive()

        eventually(waits_or_has_ended, "the second push")
    second.join()
    assert [type(result) for result in results] == [Problem]
    assert not Build.objects.filter(project=menu).exists()


def test_of_many_pushes_of_many_projects_at_once_those_pass_that_have_room(site: Project) -> None:
    projects = [create_project(by=BY, club=site.club, slug=f"p{number}") for number in range(6)]
    results = at_once(*[lambda p=p: push(p, web=web(1.5)) for p in projects])
    refusals = [result for result in results if isinstance(result, Problem)]
    assert len(refusals) == 4
    assert {refusal.explanation.reason for refusal in refusals} == {"over-budget"}
    assert Build.objects.filter(project__club=site.club).count() == 2


def test_pushes_and_workers_at_once_never_wait_for_each_other_in_a_ring(site: Project) -> None:
    projects = [create_project(by=BY, club=site.club, slug=f"p{number}") for number in range(4)]
    builds = [push(project, web=web(0.25)) for project in projects]
    leases = []
    for build in builds:
        Build.objects.filter(pk=build.pk).update(state="running", lease_owner="me", fence=1)
        leases.append(Lease(build.pk, "me", 1))
    results = at_once(
        *[lambda lease=lease: steps.succeed(lease, "sha256:" + "0" * 64) for lease in leases],
        *[lambda p=p: push(p, web=web(0.5)) for p in projects],
        *[lambda p=p: set_config(by=BY, project=p, set={"A": "b"}) for p in projects],
    )
    assert not [result for result in results if isinstance(result, BaseException)]


def test_a_new_release_takes_the_place_of_its_own_project(
    cluster: ScriptedCluster, site: Project, menu: Project
) -> None:
    push(site, web=web(3))
    push(menu, web=web(1))
    work()
    push(site, web=web(2.5))
    work()
    # Until the smaller one was live, the larger one counted.
    push(menu, web=web(1.5))
    work()
    assert (live_number(site), live_number(menu)) == (2, 2)


def test_what_is_live_counts_while_a_smaller_one_is_on_its_way(
    cluster: ScriptedCluster, site: Project, menu: Project
) -> None:
    push(site, web=web(3))
    work()
    push(site, web=web(1))
    with pytest.raises(Problem) as error:
        push(menu, web=web(2))
    refused(error)


def test_a_build_that_failed_or_was_cancelled_gives_its_room_back(
    cluster: ScriptedCluster, site: Project, menu: Project
) -> None:
    cluster.build_outcomes = [BuildOutcome("failed", explanation=WHY)]
    push(site, web=web(4))
    work()
    waiting = push(site, web=web(4))
    with pytest.raises(Problem):
        push(menu)
    cancel_build(by=BY, project=site, build_id=waiting.pk)
    push(menu, web=web(4))


def test_a_deleted_project_gives_its_room_back(
    cluster: ScriptedCluster, site: Project, menu: Project
) -> None:
    push(site, web=web(4))
    work()
    with pytest.raises(Problem):
        push(menu)
    delete_project(by=BY, project=site)
    push(menu)


def test_a_rollback_beyond_the_budget_is_refused_and_changes_nothing(
    cluster: ScriptedCluster, site: Project, menu: Project
) -> None:
    set_config(by=BY, project=site, set={"A": "old"})
    push(site, web=web(3))
    work()
    push(site, web=web(1))
    work()
    set_config(by=BY, project=site, set={"A": "new"})
    push(menu, web=web(2))
    work()
    with pytest.raises(Problem) as error:
        rollback(by=BY, project=site, number=1)
    assert "menu: 2048 MiB" in refused(error)
    assert config(site) == {"A": "new"}
    delete_project(by=BY, project=menu)
    rollback(by=BY, project=site, number=1)


def test_a_change_of_settings_that_would_grow_beyond_the_budget_is_refused(
    cluster: ScriptedCluster, site: Project, menu: Project
) -> None:
    push(site)
    push(menu, web=web(3.5))
    work()
    Project.objects.filter(pk=site.pk).update(replicas=3)
    with pytest.raises(Problem) as error:
        set_config(by=BY, project=site, set={"A": "b"})
    refused(error)
    assert config(site) == {}
    assert Release.objects.filter(project=site).count() == 1


def test_a_budget_that_was_lowered_during_the_build_is_kept_by_the_release(
    cluster: ScriptedCluster, site: Project
) -> None:
    cluster.during_build = lambda order, stop: lower(site.club, 1)  # type: ignore[func-returns-value]
    build = push(site, web=web(2))
    work()
    build.refresh_from_db()
    assert (build.state, build.stream.state) == ("failed", "failed")
    assert build.explanation is not None
    assert build.explanation["reason"] == "over-budget"
    assert any("2048 MiB of memory (budget: 1024 MiB" in line for line in lines_of(build.stream_id))
    assert not Release.objects.exists()
    assert not Rollout.objects.exists()


def test_a_club_whose_budget_was_lowered_can_still_mend_what_runs(
    cluster: ScriptedCluster, site: Project
) -> None:
    push(site, web=web(2))
    work()
    lower(site.club, 1)
    push(site, web=web(2))
    work()
    set_config(by=BY, project=site, set={"A": "b"})
    work()
    assert live_number(site) == 3
    with pytest.raises(Problem):
        push(site, web=web(2.25))


def test_a_key_for_one_project_is_not_told_the_names_of_the_others(site: Project, menu: Project) -> None:
    push(menu, web=web(4))
    only = authenticate(key_for(site, "deploy", only=True))
    assert only is not None
    with pytest.raises(Problem) as error:
        push(site, by=only)
    assert "1 other project: 4096 MiB" in refused(error)
    assert "menu" not in str(error.value.explanation)


def test_an_operator_sees_and_changes_the_budget(
    site: Project, menu: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    push(site, web=web(4))
    with pytest.raises(Problem):
        push(menu)
    call_command("budget", site.club.slug, "--memory", "6Gi", "--cpu", "500m")
    assert capsys.readouterr().out.splitlines() == [
        "budget: 6144 MiB of memory, 500m of cpu, 20 copies",
        "projects: at most 20; builds at once: 2",
        "taken: 4096 MiB of memory, 250m of cpu, 1 copy",
        "  site: 4096 MiB of memory, 250m of cpu, 1 copy",
    ]
    push(menu)
    call_command("budget", site.club.slug)
    assert AuditEntry.objects.filter(action="set_budget").count() == 1


def test_a_club_cannot_change_its_own_budget(site: Project) -> None:
    owner = authenticate(key_for(site, "manage"))
    assert owner is not None
    with pytest.raises(Problem) as error:
        set_budget(by=owner, club=site.club, budget=Share(1 << 40, 10**6, 100))
    assert error.value.status == 403
    with pytest.raises(Problem, match="more than nothing"):
        set_budget(by=BY, club=site.club, budget=Share(0, 1, 1))

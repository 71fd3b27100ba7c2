"""After a new control plane, the operator puts every live project into the cluster anew with one command."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from portal.accounts.models import AuditEntry
from portal.accounts.principal import Principal
from portal.clubs.actions import create_club
from portal.clubs.suspending import suspend_club
from portal.problems import conflict
from portal.projects.actions import create_project, delete_project
from portal.projects.models import Project
from portal.releases.management.commands import restart_projects
from portal.releases.models import Release, Rollout
from portal.releases.redeploying import restart

from tests.integration.portal.scene import BY, ScriptedCluster, live_number, push, some_project, work

pytestmark = pytest.mark.usefixtures("cluster")


def served(project: Project) -> Project:
    push(project)
    work()
    assert live_number(project) == 1
    return project


def of_another_club(slug: str) -> Project:
    return create_project(by=BY, club=create_club(by=BY, slug=slug, name=slug), slug="page")


def restarted(*words: str) -> str:
    said = StringIO()
    call_command("restart_projects", *words, stdout=said)
    return said.getvalue()


def test_what_is_live_is_rolled_out_anew_and_the_rest_left_alone() -> None:
    site, others = served(some_project("site")), served(of_another_club("others"))
    create_project(by=BY, club=site.club, slug="empty")
    delete_project(by=BY, project=served(of_another_club("leaving")))
    suspend_club(by=BY, club=served(of_another_club("resting")).club, why="a rest")
    work()
    both = f"{site}: would be restarted\n{others}: would be restarted\n"
    assert restarted("--all", "--dry-run") == both
    assert restarted("--all") == both.replace("would be restarted", "release 2 is on its way")
    assert "Nothing to restart" in restarted("--all"), "run again, it begins nothing twice"
    work()
    assert (live_number(site), live_number(others)) == (2, 2)
    assert Release.objects.count() == 6
    assert AuditEntry.objects.filter(action="restart", actor="operator:restart_projects").count() == 2


def test_one_clubs_alone() -> None:
    site, others = served(some_project("site")), served(of_another_club("others"))
    assert restarted("--club", others.club.slug) == f"{others}: release 2 is on its way\n"
    work()
    assert (live_number(site), live_number(others)) == (1, 2)


def test_one_that_is_refused_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    site, others = served(some_project("site")), served(of_another_club("others"))

    def refusing(*, by: Principal, project: Project) -> Rollout:
        if project == site:
            raise conflict("full", "There is no room.", "Make some.")
        return restart(by=by, project=project)

    monkeypatch.setattr(restart_projects, "restart", refusing)
    told, trouble = StringIO(), StringIO()
    with pytest.raises(CommandError, match="1 of 2 projects were not restarted"):
        call_command("restart_projects", "--all", stdout=told, stderr=trouble)
    assert f"{site}: not restarted\nThere is no room." in trouble.getvalue()
    assert told.getvalue() == f"{others}: release 2 is on its way\n"


@pytest.mark.parametrize("words", [(), ("--all", "--club", "robots"), ("--club", "nobody")])
def test_what_to_restart_has_to_be_said(cluster: ScriptedCluster, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        restarted(*words)

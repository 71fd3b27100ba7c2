"""A subdomain that was given up is its club's for a while: visitors, cookies and links are still about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from portal.accounts.models import AuditEntry
from portal.accounts.principal import person
from portal.clubs.actions import create_club
from portal.clubs.closing import delete_club
from portal.clubs.models import Club
from portal.problems import Problem
from portal.projects import given_up
from portal.projects.actions import create_project, delete_project
from portal.projects.addressing import change_subdomain
from portal.projects.given_up import forget, let_go
from portal.projects.models import GivenUpSubdomain, Project
from portal.projects.naming import foreseen_address
from portal.projects.removal import remove

from deployer.rollout import RolloutOrder
from tests.integration.portal.scene import BY, ScriptedCluster, live_number, push, some_project, work
from tests.integration.portal.test_claims import at_once
from tests.integration.portal.visitors import visit

pytestmark = pytest.mark.usefixtures("cluster")


@pytest.fixture(autouse=True)
def nothing_in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.projects.removal.forget_project", lambda project: True)


def served(slug: str = "menu") -> Project:
    """A project that was live, at its own name."""
    project = some_project(slug)
    push(project)
    work()
    assert project.subdomain == slug
    return project


def gone(project: Project) -> None:
    delete_project(by=BY, project=project)
    assert remove(project.pk)


def another_club(slug: str = "others") -> Club:
    return create_club(by=BY, slug=slug, name=slug)


def refused(club: Club, subdomain: str) -> str:
    project = create_project(by=BY, club=club, slug="mine")
    with pytest.raises(Problem) as problem:
        change_subdomain(by=BY, project=project, subdomain=subdomain)
    project.delete()
    return problem.value.explanation.reason


def test_another_club_does_not_get_a_deleted_projects_subdomain_and_its_own_does() -> None:
    project = served()
    gone(project)
    other = another_club()
    assert foreseen_address(other, "menu") == settings.MADANG.app_url.format(subdomain="menu-others")
    assert create_project(by=BY, club=other, slug="menu").subdomain == "menu-others"
    assert refused(other, "menu") == "subdomain-given-up"
    assert create_project(by=BY, club=project.club, slug="menu").subdomain == "menu"
    assert not GivenUpSubdomain.objects.exists()


def test_an_address_that_was_changed_is_given_up_too_and_can_be_taken_back() -> None:
    project = served()
    change_subdomain(by=BY, project=project, subdomain="lunch")
    work()
    assert refused(another_club(), "menu") == "subdomain-given-up"
    change_subdomain(by=BY, project=Project.objects.get(pk=project.pk), subdomain="menu")
    assert list(GivenUpSubdomain.objects.values_list("subdomain", flat=True)) == ["lunch"]


def test_an_address_that_is_changed_while_the_first_release_comes_up_is_left_behind(
    cluster: ScriptedCluster,
) -> None:
    """Else its Ingress would stand at a name that another club may have by now, and take its visitors."""
    project = some_project("menu")
    refusals = []

    def change_once(order: RolloutOrder, stop: Callable[[], bool]) -> None:
        cluster.during_rollout = None
        assert change_subdomain(by=BY, project=project, subdomain="lunch") is not None
        refusals.append(refused(another_club(), "menu"))

    cluster.during_rollout = change_once
    push(project)
    work()
    assert refusals == ["subdomain-given-up"]
    assert cluster.applied[project.club.slug, "menu"].hostname.startswith("lunch.")
    assert live_number(project) == 2


def test_a_club_that_changes_addresses_all_the_time_keeps_not_all_names_from_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(given_up, "MOST_OF_A_CLUB", 2)
    project = served()
    for subdomain in ("lunch", "dinner"):
        change_subdomain(by=BY, project=project, subdomain=subdomain)
    with pytest.raises(Problem) as problem:
        change_subdomain(by=BY, project=project, subdomain="breakfast")
    assert (problem.value.status, problem.value.explanation.reason) == (409, "too-many-addresses")
    change_subdomain(by=BY, project=project, subdomain="menu")
    assert set(GivenUpSubdomain.objects.values_list("subdomain", flat=True)) == {"lunch", "dinner"}


def test_what_nobody_ever_came_to_is_free_at_once() -> None:
    gone(some_project("menu"))
    assert create_project(by=BY, club=another_club(), slug="menu").subdomain == "menu"


def test_after_its_time_everybody_may_have_it() -> None:
    gone(served())
    GivenUpSubdomain.objects.update(given_up_at=timezone.now() - timedelta(days=89))
    assert forget() == 0
    other = another_club()
    assert refused(other, "menu") == "subdomain-given-up"
    GivenUpSubdomain.objects.update(given_up_at=timezone.now() - timedelta(days=91))
    assert create_project(by=BY, club=other, slug="menu").subdomain == "menu"
    assert not GivenUpSubdomain.objects.exists()


def test_a_deleted_clubs_is_nobodys_even_of_a_club_of_the_same_name() -> None:
    project = served()
    gone(project)
    delete_club(by=BY, club=project.club)
    assert GivenUpSubdomain.objects.get().club is None
    assert refused(another_club(), "menu") == "subdomain-given-up"


def test_whoever_asks_at_the_very_moment_does_not_get_it_either() -> None:
    project, other = served(), another_club()
    delete_project(by=BY, project=project)
    results = at_once(
        lambda: remove(project.pk), lambda: create_project(by=BY, club=other, slug="menu") is not None
    )
    assert results == [True, True]
    assert Project.objects.get(club=other).subdomain == "menu-others"


def test_an_operator_lets_go_of_it() -> None:
    project = served()
    gone(project)
    said = StringIO()
    call_command("given_up_subdomains", stdout=said)
    until = GivenUpSubdomain.objects.get().given_up_at + timedelta(days=90)
    assert said.getvalue() == f"menu: of {project.club.slug}, until {until:%Y-%m-%d}\n"
    owner = person("mina", club=project.club.slug, role="owner")
    with pytest.raises(Problem) as problem:
        let_go(by=owner, subdomain="menu")
    assert problem.value.status == 403
    call_command("given_up_subdomains", "--let-go", "menu", stdout=StringIO())
    entry = AuditEntry.objects.get(action="let_go_of_subdomain")
    assert (entry.club, entry.detail) == (project.club.slug, {"subdomain": "menu"})
    assert create_project(by=BY, club=another_club(), slug="menu").subdomain == "menu"
    with pytest.raises(CommandError, match="There is no address menu that was given up"):
        call_command("given_up_subdomains", "--let-go", "menu", stdout=StringIO())


def test_whoever_changes_an_address_reads_what_becomes_of_the_old_one(cluster: ScriptedCluster) -> None:
    project = served()
    page = visit(project.club, "maintainer").get(f"/clubs/{project.club.slug}/{project.slug}/network")
    assert "only your club may use it for 90 days, then everybody may" in page.content.decode()


def test_the_page_says_so_at_the_field_in_korean(cluster: ScriptedCluster) -> None:
    gone(served())
    mine = create_project(by=BY, club=another_club(), slug="mine")
    answer = visit(mine.club, "maintainer").post(
        "/clubs/others/mine/network/address", {"subdomain": "menu"}, headers={"Accept-Language": "ko"}
    )
    assert answer.status_code == 409
    assert "menu 주소는 얼마 전까지 다른 동아리의 프로젝트가 쓰던 곳이라" in answer.content.decode()

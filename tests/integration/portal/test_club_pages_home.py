"""A club's first page: projects, budget, people, what happened; and how a project is made there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from portal.builds.models import Build
from portal.clubs.actions import create_club, set_budget
from portal.clubs.budget import Share
from portal.clubs.limits import set_limits
from portal.clubs.models import Club
from portal.projects.actions import create_project
from portal.projects.models import Project

from deployer.build import BuildOutcome
from tests.integration.portal.club_pages import attributes, browser, text
from tests.integration.portal.scene import BY, WHY, ScriptedCluster, push, work

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def club() -> Club:
    made = create_club(by=BY, slug="robots", name="Robots <b>&</b> friends")
    set_limits(by=BY, club=made, projects=100, builds=2)
    set_budget(by=BY, club=made, budget=Share(64 << 30, 64000, 100))
    return made


@pytest.fixture
def owner(club: Club) -> Client:
    return browser("mina", club, "owner", first_name="민아")


@pytest.fixture
def member(club: Club) -> Client:
    return browser("jun", club, "member")


def test_an_empty_club_teaches_the_first_push(owner: Client, club: Club) -> None:
    page = owner.get("/clubs/robots")
    assert page.status_code == 200
    said = text(page)
    assert "Your first project" in said
    assert "git remote add madang http://git.madang.localhost:8000/robots/my-project.git" in said
    assert "git push madang HEAD:main" in said
    assert "the user name is madang and the password is a key" in said
    assert "Robots <b>&</b> friends" in said
    assert "<b>&</b>" not in page.content.decode()
    assert "/clubs/robots/new" in attributes(page, "action")


def test_a_member_of_an_empty_club_is_told_who_makes_projects(member: Client) -> None:
    page = member.get("/clubs/robots")
    assert "A maintainer or owner of your club makes the project." in text(page)
    assert "/clubs/robots/new" not in attributes(page, "action")


def test_cards_say_state_reason_and_address(cluster: ScriptedCluster, owner: Client, club: Club) -> None:
    live = create_project(by=BY, club=club, slug="live")
    push(live)
    work()
    cluster.build_outcomes = [BuildOutcome("failed", explanation=WHY)]
    push(create_project(by=BY, club=club, slug="broken"))
    work()
    page = owner.get("/clubs/robots")
    said = text(page)
    assert "http://live.madang.localhost:8000" in attributes(page, "href")
    assert "http://broken.madang.localhost:8000" not in attributes(page, "href")
    assert "It broke." in said
    assert sorted(attributes(page, "data-state")) == ["failed", "live"]
    assert "Last deploys: 0 of 1 went well" in attributes(page, "aria-label")
    assert "Memory: 256 MiB of 64 GiB" in attributes(page, "aria-label")
    assert "Operator test pushed to broken" in said


def test_sixty_projects_are_paged_searched_and_filtered(owner: Client, club: Club) -> None:
    for number in range(60):
        create_project(by=BY, club=club, slug=f"site-{number:02}")
    first = owner.get("/clubs/robots")
    assert len(attributes(first, "data-project")) == 24
    assert "1 to 24 of 60" in text(first)
    last = owner.get("/clubs/robots?page=3")
    assert attributes(last, "data-project")[-1] == "site-59"
    assert "49 to 60 of 60" in text(last)
    assert attributes(owner.get("/clubs/robots?q=site-4&sort=recent"), "data-project") == [
        f"site-4{number}" for number in range(10)
    ]
    assert "No project fits." in text(owner.get("/clubs/robots?state=live"))
    for nonsense in ("?page=x", "?page=99999", "?page=-1", "?sort=;drop", "?q=%00", "?state=%00", "?page=²"):
        assert owner.get(f"/clubs/robots{nonsense}").status_code == 200


def test_a_search_while_typing_gets_the_list_alone(owner: Client, club: Club) -> None:
    create_project(by=BY, club=club, slug="site")
    answer = owner.get("/clubs/robots?q=si", headers={"HX-Request": "true"})
    assert attributes(answer, "data-project") == ["site"]
    assert "<html" not in answer.content.decode()


def test_more_projects_and_members_are_not_more_queries(
    cluster: ScriptedCluster, owner: Client, club: Club
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert owner.get("/clubs/robots").status_code == 200
        return len(seen)

    first = create_project(by=BY, club=club, slug="first")
    push(first)
    work()
    push(first)
    # The first request of a session is noted among the person's sessions.
    queries()
    few = queries()
    for number in range(30):
        project = create_project(by=BY, club=club, slug=f"p{number}")
        browser(f"person{number}", club, "member")
        if number % 3:
            push(project)
    work()
    push(first)
    assert Build.objects.count() > 20
    assert queries() == few


def test_a_project_is_made_and_its_page_is_next(owner: Client, club: Club) -> None:
    answer = owner.post("/clubs/robots/new", {"name": "menu"})
    assert (answer.status_code, answer["Location"]) == (302, "/clubs/robots/menu")
    assert Project.objects.get().slug == "menu"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Menu!", "Use lower-case letters"),
        ("keys", "A project may not be called keys."),
        ("site", "There is a project robots/site already"),
        ("", "This field is required."),
    ],
)
def test_a_bad_name_stands_at_the_field_and_is_kept(owner: Client, club: Club, name: str, says: str) -> None:
    create_project(by=BY, club=club, slug="site")
    answer = owner.post("/clubs/robots/new", {"name": name})
    assert answer.status_code in {409, 422}
    assert says in text(answer)
    assert name in attributes(answer, "value") or not name
    assert "id_name_error" in " ".join(attributes(answer, "aria-describedby"))
    assert Project.objects.count() == 1


def test_a_name_is_checked_while_it_is_typed(owner: Client, club: Club) -> None:
    create_project(by=BY, club=create_club(by=BY, slug="chess", name="Chess"), slug="board")

    def check(name: str) -> str:
        return text(owner.get("/clubs/robots/new/check", {"name": name})).strip()

    assert check("menu") == "It will answer at http://menu.madang.localhost:8000"
    assert check("board") == "It will answer at http://board-robots.madang.localhost:8000"
    assert check("www") == "It will answer at http://www-robots.madang.localhost:8000"
    assert check("members").startswith("A project may not be called members.")
    assert check("-").startswith("'-' cannot be a project's name.")
    assert check("") == ""


def test_a_full_club_is_told_so(owner: Client, club: Club) -> None:
    create_project(by=BY, club=club, slug="site")
    set_limits(by=BY, club=club, projects=1, builds=1)
    answer = owner.post("/clubs/robots/new", {"name": "menu"})
    assert answer.status_code == 409
    assert "Your club has 1 projects, and may have 1." in text(answer)


def test_members_may_look_but_not_make(member: Client, club: Club) -> None:
    create_project(by=BY, club=club, slug="site")
    assert "New project" not in text(member.get("/clubs/robots"))
    assert member.get("/clubs/robots/new").status_code == 403
    assert member.post("/clubs/robots/new", {"name": "menu"}).status_code == 403


def test_strangers_see_nothing_and_visitors_are_sent_to_sign_in(club: Club) -> None:
    stranger = browser("yun", create_club(by=BY, slug="chess", name="Chess"), "owner")
    assert stranger.get("/clubs/robots").status_code == 404
    answer = Client().get("/clubs/robots")
    assert answer.status_code == 302
    assert answer["Location"].endswith("?next=/clubs/robots")


def test_the_list_of_clubs_is_ones_own(owner: Client, club: Club) -> None:
    create_club(by=BY, slug="chess", name="Chess")
    create_project(by=BY, club=club, slug="site")
    said = text(owner.get("/clubs"))
    assert "1 project · owner" in said
    assert "Chess" not in said
    assert "You belong to no club yet." in text(browser("yun").get("/clubs"))

"""The budget's page: who takes what, would it fit, asking for more, what was decided."""

from __future__ import annotations

import pytest
from django.test import Client
from portal.clubs.actions import create_club, set_budget
from portal.clubs.asking import decline_budget_request
from portal.clubs.budget import Share
from portal.clubs.models import BudgetRequest, Club
from portal.projects.actions import create_project

from deployer.source import WebSettings
from tests.integration.portal.club_pages import attributes, browser, text
from tests.integration.portal.scene import BY, ScriptedCluster, push, work

pytestmark = pytest.mark.usefixtures("clean")
GIB = 1 << 30
ASKED = {"memory_gib": "8", "cores": "6.5", "pods": "30", "why": "A game server."}


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


@pytest.fixture
def owner(club: Club) -> Client:
    return browser("mina", club, "owner")


def test_each_projects_share_is_shown_and_what_is_on_its_way(
    cluster: ScriptedCluster, owner: Client, club: Club
) -> None:
    site = create_project(by=BY, club=club, slug="site")
    push(site, web=WebSettings(memory_bytes=GIB, replicas=2))
    work()
    push(create_project(by=BY, club=club, slug="menu"), web=WebSettings(memory_bytes=GIB))
    page = owner.get("/clubs/robots/budget")
    said = text(page)
    assert "3 GiB of 4 GiB" in said
    assert "Memory: 3 GiB of 4 GiB, 1 GiB of it on its way" in attributes(page, "aria-label")
    assert "site 2 GiB 0.5 cores 2 copies" in said
    assert "menu being deployed 1 GiB 0.25 cores 1 copy" in said
    assert "Projects: 2 of 20" in said


def test_a_size_is_tried_and_refused_in_the_words_of_a_push(
    cluster: ScriptedCluster, owner: Client, club: Club
) -> None:
    push(create_project(by=BY, club=club, slug="site"), web=WebSettings(memory_bytes=3 * GIB))
    work()
    tried = {"project": "", "replicas": "1", "memory_mib": "2048", "millicores": "250"}
    said = text(owner.get("/clubs/robots/budget", tried))
    assert "its projects would take 5120 MiB of memory (budget: 4096 MiB of memory)" in said
    fits = text(owner.get("/clubs/robots/budget", tried | {"memory_mib": "1024"}))
    assert "It fits. This would be left: 0 MiB, 3.5 cores, 18 copies" in fits
    same = text(owner.get("/clubs/robots/budget", tried | {"project": "site", "memory_mib": "4096"}))
    assert "It fits." in same
    wrong = owner.get("/clubs/robots/budget", tried | {"replicas": "x"})
    assert "Enter a whole number." in text(wrong)


def test_an_owner_asks_and_withdraws(owner: Client) -> None:
    said = text(owner.post("/clubs/robots/budget/ask", ASKED, follow=True))
    assert "The operators have been asked." in said
    assert "8 GiB, 6.5 cores, 30 copies" in said
    asked = BudgetRequest.objects.get()
    assert asked.wanted == Share(8 * GIB, 6500, 30)
    again = owner.post("/clubs/robots/budget/ask", ASKED)
    assert (again.status_code, "has asked already" in text(again)) == (409, True)
    said = text(owner.post(f"/clubs/robots/budget/requests/{asked.pk}/withdraw", follow=True))
    assert "The request is withdrawn." in said
    assert "mina withdrew the request for 8 GiB, 6.5 cores, 30 copies" in said


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"memory_gib": "1"}, ""),
        ({"memory_gib": "-1"}, "greater than or equal to 0"),
        ({"memory_gib": "NaN"}, "Enter a number."),
        ({"pods": "many"}, "Enter a whole number."),
        ({"why": ""}, "This field is required."),
    ],
)
def test_a_request_that_cannot_be_keeps_what_was_typed(
    owner: Client, wrong: dict[str, str], says: str
) -> None:
    given = {"memory_gib": "4", "cores": "4", "pods": "20", "why": "A game server."} | wrong
    answer = owner.post("/clubs/robots/budget/ask", given)
    assert answer.status_code == 422
    assert (says or "Your club has as much already:") in text(answer)
    assert given["why"] in text(answer)
    assert not BudgetRequest.objects.exists()


def test_what_was_decided_and_changed_is_told(owner: Client, club: Club) -> None:
    owner.post("/clubs/robots/budget/ask", ASKED)
    decline_budget_request(by=BY, request_id=BudgetRequest.objects.get().pk, answer="Full until May.")
    set_budget(by=BY, club=club, budget=Share(5 * GIB, 5000, 25))
    said = text(owner.get("/clubs/robots/budget"))
    assert "Operator test set the budget to 5 GiB, 5 cores, 25 copies" in said
    assert "Operator test declined the request for 8 GiB, 6.5 cores, 30 copies" in said
    assert "Full until May." in said


def test_members_see_the_budget_and_ask_for_nothing(club: Club) -> None:
    member = browser("jun", club, "maintainer")
    page = member.get("/clubs/robots/budget")
    assert "An owner of your club can ask the operators here." in text(page)
    assert member.post("/clubs/robots/budget/ask", ASKED).status_code == 403


def test_another_clubs_request_is_not_there(owner: Client) -> None:
    owner.post("/clubs/robots/budget/ask", ASKED)
    other = browser("yun", create_club(by=BY, slug="chess", name="Chess"), "owner")
    asked = BudgetRequest.objects.get()
    assert other.post(f"/clubs/chess/budget/requests/{asked.pk}/withdraw").status_code == 404
    asked.refresh_from_db()
    assert asked.state == "waiting"

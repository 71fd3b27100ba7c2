"""The inbox stays open on an operator's second screen: what begins to wait comes in, what is typed stays."""

from __future__ import annotations

from playwright.sync_api import expect
from portal.accounts.people import create_person
from portal.accounts.principal import person
from portal.clubs.actions import create_club
from portal.clubs.asking import ask_for_budget
from portal.clubs.budget import Share
from portal.clubs.models import BudgetRequest

from tests.integration.page.site import Site
from tests.integration.portal.scene import BY
from tests.integration.portal.signups_scene import confirmed

GENEROUS_MS = 300_000


def test_what_is_typed_stays_when_something_else_begins_to_wait(site: Site) -> None:
    club = create_club(by=BY, slug="chess", name="Chess club")
    owner = person("mina", club="chess", role="owner")
    ask_for_budget(by=owner, club=club, budget=Share(8 << 30, 6000, 30), why="A game server.")
    page = site.visitor(create_person(by=BY, email="op@school.example", name="Op", operator=True))
    page.goto("/operator")
    answer = page.get_by_label("Answer (needed to decline)")
    answer.press_sequentially("Not before")
    confirmed()
    expect(page.get_by_role("article", name="Robotics club")).to_be_visible(timeout=GENEROUS_MS)
    expect(answer).to_have_value("Not before")
    expect(answer).to_be_focused()
    page.keyboard.type(" June")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("button", name="Decline")).to_have_count(0)
    declined = BudgetRequest.objects.get()
    assert (declined.state, declined.answer) == ("declined", "Not before June")

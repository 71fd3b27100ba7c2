"""A club is renamed and deleted on its page."""

from __future__ import annotations

import pytest
from django.test import Client
from portal.clubs.actions import create_club
from portal.clubs.models import Club, ClubRemoval
from portal.projects.actions import create_project

from tests.integration.portal.club_pages import attributes, browser, text
from tests.integration.portal.scene import BY

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


@pytest.fixture
def owner(club: Club) -> Client:
    return browser("mina", club, "owner")


def test_the_name_is_changed(owner: Client) -> None:
    assert "로봇 동아리" in text(
        owner.post("/clubs/robots/settings/rename", {"name": "로봇 동아리"}, follow=True)
    )
    answer = owner.post("/clubs/robots/settings/rename", {"name": " "})
    assert (answer.status_code, "This field is required." in text(answer)) == (422, True)


def test_a_club_goes_only_when_its_name_is_typed(owner: Client) -> None:
    answer = owner.post("/clubs/robots/settings/delete", {"typed": "Robots"})
    assert (answer.status_code, "This is not robots." in text(answer)) == (422, True)
    assert Club.objects.exists()
    answer = owner.post("/clubs/robots/settings/delete", {"typed": "robots"}, follow=True)
    assert "Robots is deleted." in text(answer)
    assert not Club.objects.exists()
    assert ClubRemoval.objects.get().slug == "robots"
    assert owner.get("/clubs/robots").status_code == 404


def test_a_club_with_projects_offers_no_end(owner: Client, club: Club) -> None:
    create_project(by=BY, club=club, slug="site")
    page = owner.get("/clubs/robots/settings")
    assert "Still there: site" in text(page)
    assert "/clubs/robots/settings/delete" not in attributes(page, "action")
    answer = owner.post("/clubs/robots/settings/delete", {"typed": "robots"})
    assert answer.status_code == 409
    assert Club.objects.exists()


@pytest.mark.parametrize("role", ["member", "maintainer"])
def test_settings_are_the_owners_affair(club: Club, role: str) -> None:
    somebody = browser("jun", club, role)
    for path in ("settings", "settings/rename", "settings/delete"):
        assert somebody.post(f"/clubs/robots/{path}", {"typed": "robots"}).status_code == 403

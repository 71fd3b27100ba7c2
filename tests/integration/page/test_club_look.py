"""A club's pages in a browser: what is typed, clicked and keyed, in the dark and without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from portal.accounts.models import AccessKey, AuditEntry
from portal.accounts.people import create_person
from portal.clubs.models import Club, Membership
from portal.projects.models import Project

from tests.integration.page.club_scene import Clubs, clubs
from tests.integration.page.lasting import lasting
from tests.integration.page.site import Site, axe
from tests.integration.portal.scene import BY

FULL = "/clubs/robots"
PAGES = [
    "/clubs/photo",
    FULL,
    *(f"{FULL}/{page}" for page in ("members", "keys", "budget", "audit", "settings")),
]


@pytest.fixture
def scene(site: Site) -> Clubs:
    return clubs()


def test_dark_pages_have_contrast_too(site: Site, scene: Clubs) -> None:
    page = site.visitor(scene.owner, theme="dark")
    wrong = []
    for path in PAGES:
        page.goto(path)
        wrong += [f"{path}: {each}" for each in axe(page)]
    assert wrong == []


def test_a_search_shows_what_fits_while_it_is_typed(site: Site, scene: Clubs) -> None:
    page = site.visitor(scene.member)
    page.goto(FULL)
    page.get_by_role("searchbox").press_sequentially("site-1")
    expect(page.locator("[data-project]")).to_have_count(2)
    expect(page).to_have_url(re.compile("q=site-1"))
    page.goto(FULL)
    page.get_by_role("link", name=re.compile("^Failed")).click()
    expect(page.locator("[data-project]")).to_have_count(2)


def test_a_name_is_told_its_address_while_it_is_typed_and_the_project_is_made(
    site: Site, scene: Clubs
) -> None:
    page = site.visitor(scene.owner)
    page.goto("/clubs/photo")
    page.get_by_label("Name of the project").press_sequentially("Menu")
    expect(page.get_by_text("'Menu' cannot be a project's name.")).to_be_visible()
    page.get_by_label("Name of the project").fill("menu")
    expect(page.get_by_text("It will answer at http://menu.")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/clubs/photo/menu")
    assert Project.objects.filter(club=scene.empty, slug="menu").exists()


@pytest.mark.parametrize(("who", "path"), [("owner", f"{FULL}/audit"), ("operator", "/operator/audit")])
def test_the_history_is_in_the_readers_own_time(site: Site, scene: Clubs, who: str, path: str) -> None:
    user = (
        scene.owner
        if who == "owner"
        else create_person(by=BY, email="op@school.example", name="Op", operator=True)
    )
    AuditEntry.objects.update(at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
    Club.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    page = site.visitor(user)
    page.goto(path)
    shown = page.locator("time[data-local]").first
    expect(shown).to_have_text(re.compile("^Mar 2, 2026, 7:30.AM$"))
    expect(shown).to_have_attribute("title", re.compile("10:30 p.m. UTC$"))
    unscripted = site.visitor(user, script=False)
    unscripted.goto(path)
    expect(unscripted.locator("time[data-local]").first).to_have_text(re.compile("10:30 p.m. UTC$"))


def test_how_long_ago_something_was_says_when_in_the_readers_own_time(site: Site, scene: Clubs) -> None:
    AuditEntry.objects.update(at=datetime(2026, 3, 1, 22, 30, tzinfo=UTC))
    Club.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    for script, when in ((True, "^Mar 2, 2026, 7:30.AM$"), (False, "10:30 p.m. UTC$")):
        page = site.visitor(scene.owner, script=script)
        page.goto(FULL)
        told = page.get_by_role("region", name="What happened last").locator("time").first
        expect(told).to_have_attribute("title", re.compile(when))


def test_a_key_is_copied_and_revoked_by_keyboard(site: Site, scene: Clubs) -> None:
    page = site.visitor(scene.owner)
    lasting(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/clubs/photo/keys")
    page.get_by_label("Name", exact=True).fill("laptop")
    page.keyboard.press("Enter")
    shown = page.locator("#key-text").inner_text()
    page.wait_for_load_state()
    page.get_by_role("button", name="Copy the key").press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert shown.startswith("mdg_")
    page.get_by_role("link", name="I have copied it").press("Enter")
    page.wait_for_url("**/clubs/photo/keys")
    page.get_by_role("button", name="Revoke").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("laptop")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Revoke").press("Enter")
    dialog.get_by_role("button", name="Revoke").press("Enter")
    expect(page.get_by_text("The key “laptop” opens nothing any more.")).to_be_visible()
    assert AccessKey.objects.get(club=scene.empty).revoked_at is not None


def test_forms_work_without_javascript(site: Site, scene: Clubs) -> None:
    page = site.visitor(scene.owner, script=False)
    page.goto(f"{FULL}/members")
    row = page.locator('[data-member="jun"]')
    row.get_by_role("combobox").select_option("member")
    row.get_by_role("button", name="Change").click()
    expect(page.get_by_text("jun is member now.")).to_be_visible()
    assert Membership.objects.get(club=scene.full, user__username="jun").role == "member"
    row.locator("summary").click()
    unfolded = row.locator("details")
    expect(unfolded.get_by_text("Keys that they know still work")).to_be_visible()
    unfolded.get_by_role("button", name="Remove member").click()
    expect(page.get_by_text("does not belong to the club any more")).to_be_visible()
    assert not Membership.objects.filter(club=scene.full, user__username="jun").exists()
    page.goto("/clubs/photo/new")
    page.get_by_label("Name of the project").fill("-")
    page.get_by_role("button", name="Make the project").click()
    expect(page.get_by_text("'-' cannot be a project's name.")).to_be_visible()
    page.goto(f"{FULL}/audit")
    page.get_by_label("What").select_option("change_role")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("made jun member")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="made the project")).to_have_count(0)

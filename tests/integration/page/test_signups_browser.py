"""The form and its decision in a browser: live words on the short name, one key for what an operator does."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from portal.accounts.models import User
from portal.accounts.people import create_person
from portal.clubs.models import Club
from portal.signups.models import SignupRequest

from tests.integration.page.lasting import lasting
from tests.integration.page.site import Site
from tests.integration.portal.scene import BY
from tests.integration.portal.signups_scene import approved, confirmed, letter


def operator() -> User:
    return create_person(by=BY, email="op@school.example", name="Op", operator=True)


def path_in(text: str, start: str) -> str:
    found = re.search(rf"http://\S+?({re.escape(start)}\S+)", text)
    assert found is not None, text
    return found.group(1)


def test_the_short_name_is_looked_at_while_it_is_typed(site: Site) -> None:
    confirmed()
    page = site.visitor()
    page.goto("/apply")
    name = page.get_by_label("Short name")
    verdict = page.locator("#verdict")
    name.press_sequentially("robots")
    expect(verdict).to_have_attribute("data-verdict", "taken")
    name.press_sequentially("2")
    expect(verdict).to_have_attribute("data-verdict", "free")
    name.fill("Robots!")
    expect(verdict).to_have_attribute("data-verdict", "malformed")
    name.fill("library")
    expect(verdict).to_have_attribute("data-verdict", "reserved")


def test_a_student_applies_with_the_keyboard_alone_and_without_javascript(site: Site) -> None:
    page = site.visitor(script=False)
    page.goto("/apply")
    page.get_by_label("Name of the club").focus()
    for value in ("Robotics club", "robots", "Mina Kim", "mina@school.example", "12"):
        page.keyboard.press("Control+a")
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    page.keyboard.type("A page that shows what our robots see.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/apply/sent")
    page.goto(path_in(letter()[1], "/apply/confirm/"))
    page.get_by_role("button", name="Yes, that is me").press("Enter")
    expect(page.get_by_text("An operator looks at it")).to_be_visible()
    assert SignupRequest.objects.get().state == "waiting"


def test_an_operator_approves_by_one_key_on_the_card_and_enter(site: Site) -> None:
    confirmed()
    page = site.visitor(operator())
    page.goto("/operator/requests")
    page.locator("[data-keys]").first.focus()
    page.keyboard.press("a")
    page.wait_for_url(re.compile(r"/operator/requests/\d+\?focus=approve$"))
    button = page.get_by_role("button", name="Approve Robotics club")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Robotics club is approved")).to_be_visible()
    assert Club.objects.get().slug == "robots"


def test_an_operator_declines_by_one_key_and_a_reason_and_letters_in_it_do_nothing(site: Site) -> None:
    request = confirmed()
    page = site.visitor(operator())
    page.goto(f"/operator/requests/{request.pk}")
    page.keyboard.press("d")
    reason = page.get_by_label(re.compile("^Why"))
    expect(reason).to_be_focused()
    page.keyboard.type("a bad day, dear")
    expect(reason).to_have_value("a bad day, dear")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Robotics club is declined")).to_be_visible()
    # Its script hears keys once the page is there as a whole.
    page.wait_for_load_state()
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Take the decline back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Robotics club waits again")).to_be_visible()
    assert not Club.objects.exists()


def test_a_preset_fills_the_budget_without_javascript(site: Site) -> None:
    request = confirmed()
    page = site.visitor(operator(), script=False)
    page.goto(f"/operator/requests/{request.pk}")
    expect(page.get_by_label("Memory (MiB)")).to_have_value("2048")
    page.get_by_role("link", name="Large").click()
    expect(page.get_by_label("Memory (MiB)")).to_have_value("8192")
    page.get_by_role("button", name="Approve Robotics club").click()
    expect(page.get_by_text("Robotics club is approved")).to_be_visible()
    assert Club.objects.get().memory_bytes == 8 << 30


def test_the_first_key_is_copied_by_its_button(site: Site) -> None:
    approved()
    page = site.visitor()
    lasting(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(path_in(letter()[1], "/welcome/"))
    page.get_by_label("A password").fill("correct horse battery")
    page.get_by_label("The password again").fill("correct horse battery")
    page.get_by_role("button", name="Begin and show the key").click()
    key = page.locator("#key").inner_text()
    assert key.startswith("mdg_")
    page.wait_for_load_state()
    page.get_by_role("button", name="Copy", exact=True).first.click()
    expect(page.get_by_role("button", name="Copied").first).to_be_visible()
    page.goto("/apply")
    page.get_by_label("Name of the club").focus()
    page.keyboard.press("Control+v")
    expect(page.get_by_label("Name of the club")).to_have_value(key)

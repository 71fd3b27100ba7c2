"""A person's own pages as a browser has them: by keyboard, with a passkey, without JavaScript."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Page, expect
from portal.accounts.models import User

from tests.integration.page.site import PHONE, Site, axe

PASSWORD = "a long and good password"


@pytest.fixture
def minji(site: Site) -> User:
    user = User.objects.create_user("minji", "minji@school.example", PASSWORD, first_name="김민지")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in_by_keyboard(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    while page.locator(":focus").inner_text() != "Sign in":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")
    expect(page.get_by_label("Email")).to_be_visible()
    page.get_by_label("Email").focus()
    page.keyboard.type("minji@school.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


def test_the_keyboard_is_enough_to_sign_in_and_out(site: Site, minji: User) -> None:
    page = site.visitor()
    sign_in_by_keyboard(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, 김민지")
    account = page.locator("header summary").last
    account.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(account).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def test_a_passkey_is_added_and_lets_its_owner_in_without_a_password(site: Site, minji: User) -> None:
    page = site.visitor(minji)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "hasUserVerification": True, "isUserVerified": True}},
    )
    page.goto("/account/passkeys/new")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/account/passkeys/new")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/account/two-factor/codes**")

    page.context.clear_cookies()
    page.goto("/login?next=/account")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/account")
    expect(page.get_by_label("Name")).to_have_value("김민지")


@pytest.mark.parametrize("script", [True, False])
def test_language_and_colours_are_remembered_with_and_without_javascript(
    site: Site, minji: User, script: bool
) -> None:
    page = site.visitor(script=script, width=PHONE)
    page.goto("/status")
    page.locator("header summary").click()
    page.get_by_role("button", name="한국어").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("서비스 상태")
    page.locator("header summary").click()
    page.get_by_role("button", name="어둡게").click()
    # Not before its answer has come with the cookie.
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url.endswith("/status")
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    if script:
        assert axe(page) == []


@pytest.mark.parametrize("path", ["/", "/status", "/login", "/nowhere"])
def test_the_dark_pages_can_be_read_too(site: Site, path: str) -> None:
    page = site.visitor(theme="dark")
    page.goto(path)
    assert axe(page) == []


def test_an_operator_repairs_in_the_admin_within_its_policy(site: Site, minji: User) -> None:
    boss = User.objects.create_user("boss", "boss@school.example", PASSWORD, is_superuser=True)
    page = site.visitor(boss)
    page.goto("/admin/")
    page.get_by_role("link", name="Users", exact=True).first.click()
    page.get_by_role("link", name="minji").first.click()
    page.locator("#id_first_name").fill("민지")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/accounts/user/")
    minji.refresh_from_db()
    assert minji.first_name == "민지"
    page.goto("/admin/accounts/auditentry/")
    expect(page.get_by_text("admin_change")).to_be_visible()

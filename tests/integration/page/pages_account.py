from __future__ import annotations

from playwright.sync_api import Page

from tests.integration.page.registered import Registered


def wrong_password(page: Page) -> None:
    page.fill("#id_login", "seoyeon@school.example")
    page.fill("#id_password", "not that")
    page.press("#id_password", "Enter")
    page.wait_for_selector("[role=alert]")


def open_account(page: Page) -> None:
    page.locator("header details").last.locator("summary").click()


PAGES = [
    Registered("account_login"),
    Registered("account_login", name="wrong-password", before=wrong_password),
    Registered("account_reset_password"),
    Registered("account_reset_password_done"),
    Registered("account-profile", who="owner"),
    Registered("account-profile", who="maintainer", name="menu", before=open_account),
    Registered("account-sessions", who="owner"),
    Registered("account_email", who="owner"),
    Registered("account_change_password", who="owner"),
    Registered("mfa_index", who="owner"),
    Registered("account_logout", who="owner"),
]

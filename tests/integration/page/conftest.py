"""A browser on the real pages: Chromium, the portal's own server, real PostgreSQL and Redis."""

from __future__ import annotations

import os
from collections.abc import Iterator

import django
import pytest

# Playwright's own loop runs in the thread of the tests; Django would take it for theirs.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
django.setup()

from playwright.sync_api import Browser, expect, sync_playwright  # noqa: E402

from tests.browser import launch  # noqa: E402
from tests.integration.page.site import PATIENCE_MILLISECONDS, Site, served  # noqa: E402
from tests.integration.portal.conftest import clean, cluster, quick_flush  # noqa: E402, F401

expect.set_options(timeout=PATIENCE_MILLISECONDS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(django_db_setup: None, redis: None) -> Iterator[str]:
    """Where the portal's server listens, for all tests of the session."""
    with served() as address:
        yield address


@pytest.fixture
def site(clean: None, browser: Browser, address: str) -> Iterator[Site]:  # noqa: F811
    """The pages over an empty database. Nothing that a browser complains of may be left over at the end."""
    with Site.opened(browser, address) as site:
        yield site

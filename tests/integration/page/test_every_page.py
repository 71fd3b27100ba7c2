"""Every registered page in both languages, on a phone and at a desk: complete, accessible, within the screen.

With MADANG_SCREENSHOTS=FOLDER each is also kept as a picture.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser

from tests.integration.page.registered import Registered, registered, seeded
from tests.integration.page.seed import Scene
from tests.integration.page.site import DESK, PHONE, Site, axe, too_wide

PICTURES = os.environ.get("MADANG_SCREENSHOTS")


@pytest.fixture(scope="module")
def scene(django_db_setup: None, redis: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Scene]:
    """Seeded once: the pages are looked at, and change little."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("flush", interactive=False, verbosity=0)
        yield seeded()
        call_command("flush", interactive=False, verbosity=0)


# Without a transaction of the test's own: the server would not see who has signed in within it.
@pytest.mark.parametrize("page", registered(), ids=str)
def test_a_page_is_whole_in_both_languages_and_widths(
    scene: Scene, browser: Browser, address: str, page: Registered
) -> None:
    user = scene.people[page.who] if page.who else None
    with Site.opened(browser, address) as site:
        wrong = []
        for language in ("ko", "en"):
            for width in (PHONE, DESK):
                visitor = site.visitor(user, language=language, width=width)
                answer = visitor.goto(page.path(scene))
                assert answer is not None
                assert answer.status == page.status, visitor.inner_text("body")
                assert not user or "/login" not in visitor.url, "nobody is signed in"
                if page.before is not None:
                    page.before(visitor)
                if PICTURES:
                    name = f"{page}-{language}-{width}.png"
                    visitor.screenshot(path=Path(PICTURES) / name, full_page=True)
                where = f"{language} {width}: "
                wrong += [where + each for each in [*axe(visitor), *too_wide(visitor)]]
                assert visitor.locator("html").get_attribute("lang") == language
        assert not wrong, "\n".join(wrong)

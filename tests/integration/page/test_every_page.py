"""Every registered page in both languages, on a phone and at a desk: complete, accessible, within the screen.

With MADANG_SCREENSHOTS=FOLDER each is also kept as a picture.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser

from tests.integration.page.registered import Registered, registered, seeded
from tests.integration.page.seed import Scene
from tests.integration.page.site import DESK, PHONE, Site, axe, too_wide

# axe takes the longest, and a language or a width seldom makes a difference to it.
LOOKED_INTO = {("ko", PHONE), ("en", DESK)}
PICTURES = os.environ.get("MADANG_SCREENSHOTS")


@pytest.fixture(scope="module")
def scene(django_db_setup: None, redis: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Scene]:
    """Seeded once: the pages are looked at, and change little."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("flush", interactive=False, verbosity=0)
        yield seeded()
        call_command("flush", interactive=False, verbosity=0)


@pytest.mark.django_db
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
                path = page.path(scene)  # a signed link is another one each time
                answer = visitor.goto(path)
                assert answer is not None
                assert answer.status == page.status, visitor.inner_text("body")
                assert urlsplit(visitor.url).path == urlsplit(path).path, "led elsewhere"
                if page.before is not None:
                    page.before(visitor)
                if PICTURES:
                    name = f"{page}-{language}-{width}.png"
                    visitor.screenshot(path=Path(PICTURES) / name, full_page=True)
                wrong += [f"{language} {width}: {each}" for each in too_wide(visitor)]
                if (language, width) in LOOKED_INTO:
                    wrong += [f"{language} {width}: {each}" for each in axe(visitor)]
                assert visitor.locator("html").get_attribute("lang") == language
        assert not wrong, "\n".join(wrong)

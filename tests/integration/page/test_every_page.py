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
from playwright.sync_api import Browser, Page

from tests.integration.page.registered import Registered, registered, seeded
from tests.integration.page.seed import Scene
from tests.integration.page.site import DESK, PHONE, Language, Site, axe, resize, too_wide

# A page is loaded in the first width, where axe looks into it, and then resized: a language or a width seldom
# makes a difference to axe, which takes the longest.
WIDTHS: dict[Language, tuple[int, int]] = {"ko": (PHONE, DESK), "en": (DESK, PHONE)}
PICTURES = os.environ.get("MADANG_SCREENSHOTS")


@pytest.fixture(scope="module")
def scene(django_db_setup: None, redis: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Scene]:
    """Seeded once: the pages are looked at, and change little."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("flush", interactive=False, verbosity=0)
        yield seeded()
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def site(browser: Browser, address: str) -> Iterator[Site]:
    with Site.opened(browser, address) as site:
        yield site


@pytest.fixture(scope="module")
def kept(site: Site) -> dict[Language, Page]:
    """A browser for each language, for all pages: to start one and to fill it is most of a first visit."""
    return {language: site.visitor(language=language) for language in WIDTHS}


@pytest.fixture
def visitors(
    site: Site, kept: dict[Language, Page], scene: Scene, page: Registered
) -> Iterator[dict[Language, Page]]:
    """Who sees the page, newly signed in. What is complained of until they have left it is of this page."""
    for visitor in kept.values():
        site.sign_in(visitor.context, scene.people[page.who] if page.who else None)
    yield kept
    for visitor in kept.values():
        visitor.goto("about:blank")
    site.no_complaints()


@pytest.mark.django_db
@pytest.mark.parametrize("page", registered(), ids=str)
def test_a_page_is_whole_in_both_languages_and_widths(
    scene: Scene, visitors: dict[Language, Page], page: Registered
) -> None:
    wrong = []
    for language, widths in WIDTHS.items():
        visitor = visitors[language]
        resize(visitor, widths[0])
        path = page.path(scene)  # a signed link is another one each time
        answer = visitor.goto(path)
        assert answer is not None
        assert answer.status == page.status, visitor.inner_text("body")
        assert urlsplit(visitor.url).path == urlsplit(path).path, "led elsewhere"
        if page.before is not None:
            page.before(visitor)
        assert visitor.locator("html").get_attribute("lang") == language
        wrong += [f"{language} {widths[0]}: {each}" for each in axe(visitor)]
        for width in widths:
            resize(visitor, width)
            if PICTURES:
                name = f"{page}-{language}-{width}.png"
                visitor.screenshot(path=Path(PICTURES) / name, full_page=True)
            wrong += [f"{language} {width}: {each}" for each in too_wide(visitor)]
    assert not wrong, "\n".join(wrong)

"""Browsers on a running Madang: each person has one; all that happened stays in .reports as a trace.

Look at one with `.venv/bin/playwright show-trace .reports/page/NAME.zip`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser import launch

PATIENCE_SECONDS = 300
REPORTS = Path(__file__).resolve().parents[2] / ".reports/page"


@dataclass
class Desk:
    """`complaints` is what the browsers found wrong by themselves: errors of scripts, and of the server."""

    url: str
    browser: Browser
    contexts: dict[str, BrowserContext] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def person(self, name: str, *, language: Literal["ko", "en"] = "en", width: int = 1280) -> Page:
        """A new page in the browser of that person, who stays signed in from page to page."""
        if name not in self.contexts:
            context = self.browser.new_context(
                base_url=self.url,
                locale={"ko": "ko-KR", "en": "en-US"}[language],
                viewport={"width": width, "height": 844 if width < 600 else 900},
                timezone_id="Asia/Seoul",
            )
            context.set_default_timeout(PATIENCE_SECONDS * 1000)
            # Without a film: each frame of each page would be a picture. How a page was at each step is kept.
            context.tracing.start(snapshots=True, title=name)
            self.contexts[name] = context
        page = self.contexts[name].new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def keep(self) -> None:
        """Each person's trace, and a picture of each page as it was left."""
        REPORTS.mkdir(parents=True, exist_ok=True)
        for name, context in self.contexts.items():
            for number, page in enumerate(context.pages):
                page.screenshot(path=REPORTS / f"{name}-{number}.png", full_page=True)
            context.tracing.stop(path=REPORTS / f"{name}.zip")
            context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        # A stream that a rollout of the platform or a leaving reader cuts is opened again by itself.
        # What a project of a student's answers (no icon, say) is its own affair.
        place = message.location.get("url", "")
        ours = not place or place.startswith(f"{self.url}/")
        if message.type == "error" and ours and "net::ERR_" not in message.text:
            self.complaints.append(f"{place}: {message.text}")


@contextmanager
def desk(url: str) -> Iterator[Desk]:
    # A loaded machine may take its time; what never comes is told in the end.
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        one = Desk(url, browser)
        try:
            yield one
        finally:
            one.keep()
            browser.close()

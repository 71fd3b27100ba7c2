"""Visitors of the pages: signed in or not, in either language, at a desk or with a phone."""

from __future__ import annotations

import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import uvicorn
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, ViewportSize
from portal.accounts.models import User

SHARE = Path(sys.prefix) / "share/madang"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
DESK, PHONE = 1280, 390
# A page that never comes ends a test; one on a busy machine does not.
PATIENCE_MILLISECONDS = 300_000
SERIOUS = {"serious", "critical"}

Language = Literal["ko", "en"]


@contextmanager
def served() -> Iterator[str]:
    """The portal as it is served, in a thread of this process; gives its address."""
    assert (SHARE / "page/web/page.css").exists(), "no style sheet yet: make page"
    from portal.asgi import application

    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://madang.localhost:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(application, lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        with override_settings(MADANG=settings.MADANG.model_copy(update={"public_url": address})):
            thread.start()
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.01)
            yield address
            server.should_exit = server.force_exit = True
            thread.join(10)


@dataclass
class Site:
    """`complaints` is what browsers found wrong: broken scripts, breaches of the policy, missing files."""

    browser: Browser
    url: str
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def opened(cls, browser: Browser, url: str) -> Iterator[Site]:
        site = cls(browser, url)
        try:
            yield site
        finally:
            site.close()
        site.no_complaints()

    def no_complaints(self) -> None:
        """Of what browsers saw until now; then they begin anew."""
        complaints, self.complaints = self.complaints, []
        assert not complaints, "\n".join(complaints)

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.contexts.clear()

    def visitor(
        self,
        user: User | None = None,
        *,
        language: Language = "en",
        width: int = DESK,
        theme: Literal["light", "dark"] = "light",
        script: bool = True,
    ) -> Page:
        """A browser of its own, with an empty page."""
        context = self.browser.new_context(
            base_url=self.url,
            locale={"ko": "ko-KR", "en": "en-US"}[language],
            viewport=screen(width),
            color_scheme=theme,
            java_script_enabled=script,
            timezone_id="Asia/Seoul",
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.contexts.append(context)
        self.sign_in(context, user)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._answered)
        return page

    def sign_in(self, context: BrowserContext, user: User | None) -> None:
        """With a new session, and with no cookie of before; None is nobody."""
        context.clear_cookies()
        if user is not None:
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": self.url}]
            )

    def _heard(self, message: ConsoleMessage) -> None:
        # A refused form (422) is an error to Chromium's console, and none to us; files are seen to below.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.location.get('url', '')}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500 or (
            response.status >= 400 and response.request.resource_type != "document"
        ):
            self.complaints.append(f"{response.status} {response.url}")


def screen(width: int) -> ViewportSize:
    return {"width": width, "height": 844 if width < 600 else 900}


def resize(page: Page, width: int) -> None:
    """As a phone is turned or a window drawn: a script that follows the width has done so, too."""
    page.set_viewport_size(screen(width))
    page.evaluate(
        """(width) => new Promise((followed) => {
            const look = () => innerWidth === width
              ? requestAnimationFrame(() => requestAnimationFrame(followed))
              : requestAnimationFrame(look);
            look();
        })""",
        width,
    )


def session_of(user: User) -> str:
    """The cookie of somebody who has just signed in."""
    # In a thread, whose connection is outside of the test's transaction: the server has to see it.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_sign_in, user).result()


def _sign_in(user: User) -> str:
    client = Client()
    client.force_login(user, backend=BACKEND)
    connection.close()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def axe(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it stands."""
    page.evaluate((SHARE / "checks/axe.js").read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: "
        + "; ".join(
            re.sub(r"\s+", " ", node["html"])[:200] + " " + " ".join(node["target"])
            for node in each["nodes"][:5]
        )
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


def too_wide(page: Page) -> list[str]:
    """What stands out of the page's right edge."""
    return list(
        page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll("body *")]
              .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
              .map((one) => one.outerHTML.slice(0, 160)).slice(0, 5)"""
        )
    )

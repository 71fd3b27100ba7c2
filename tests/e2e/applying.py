"""A club comes to Madang as people with browsers bring it there: over HTTP, with cookies and CSRF tokens.

apply → confirm by the mailed link → an operator approves → the one-time link → the first key.
"""

from __future__ import annotations

import html
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Letter:
    """A mail as its reader sees it."""

    subject: str
    body: str


# The newest mail to that address with that path in a link of it, once there is one.
Mailbox = Callable[[str], list[Letter]]


@dataclass(frozen=True)
class Club:
    """What the owner holds in the end. `commands` are the three of the page, filled in."""

    slug: str
    project: str
    email: str
    password: str
    key: str
    commands: tuple[str, str, str]


def bring_club(
    url: str, mailbox: Mailbox, operator: Browser, slug: str, name: str, project: str = ""
) -> Club:
    """The whole road; `operator` is signed in. The first project is called like the club, or `project`."""
    email = f"{slug}.{secrets.token_hex(3)}@school.example"
    with browser(url) as applicant:
        apply(applicant, slug, name, email)
        confirm(applicant, mailbox, email)
        approve(operator, name)
        return begin(applicant, mailbox, slug, email, project or slug)


def caught_mail(admin: Callable[..., str]) -> Mailbox:
    """The mail catcher, as `bin/madang-admin mail` reads it."""

    def read(email: str) -> list[Letter]:
        told = json.loads(admin("mail", "--json", "--to", email))
        return [Letter(mail["subject"], mail["body"]) for mail in told]

    return read


def is_there(url: str, slug: str) -> bool:
    """Whether a club has that short name, as the form says while it is typed."""
    with browser(url) as anybody:
        anybody.open("/apply")
        return 'data-verdict="taken"' in anybody.part("/apply/name", slug=slug)


def apply(applicant: Browser, slug: str, name: str, email: str) -> None:
    """Fills in the form as a student does, after a look whether the short name is free."""
    applicant.open("/apply")
    looked = applicant.part("/apply/name", slug=slug)
    assert 'data-verdict="free"' in looked, looked
    page = applicant.submit(
        "/apply",
        club_name=name,
        slug=slug,
        person="Mina Kim",
        email=email,
        members="12",
        purpose="A page that shows what our robots see.",
        size="small",
    )
    assert email in page, page


def confirm(applicant: Browser, mailbox: Mailbox, email: str) -> None:
    """Opens the link of the mail and presses its button."""
    link = link_of(mailbox, email, "/apply/confirm/")
    applicant.open(link)
    applicant.submit(link)
    assert "/apply/" in applicant.path, applicant.path


def approve(operator: Browser, name: str) -> None:
    """Finds the application by its name, and approves it with the budget that the form proposes."""
    listed = operator.open("/operator/requests")
    link = next(
        href for href, text in links(listed) if text == name and re.fullmatch(r"/operator/requests/\d+", href)
    )
    page = operator.open(link)
    operator.submit(f"{link}/approve", **values(page, f"{link}/approve"))


def begin(owner: Browser, mailbox: Mailbox, slug: str, email: str, project: str) -> Club:
    """Opens the one-time link, chooses a password, and sees the first key, once."""
    link = link_of(mailbox, email, "/welcome/")
    owner.open(link)
    password = secrets.token_urlsafe(16)
    page = owner.submit(link, new_password1=password, new_password2=password, project=project)
    (key,) = re.findall(r"<code[^>]*id=\"key\"[^>]*>(mdg_\w+)</code>", page)
    return Club(slug, project, email, password, key, first_commands(page))


def become_operator(operator: Browser, link: str) -> None:
    """By the link that `create_operator` prints."""
    operator.open(link)
    password = secrets.token_urlsafe(16)
    operator.submit(link, new_password1=password, new_password2=password)


def link_of(mailbox: Mailbox, email: str, path: str) -> str:
    """The path of the link in the newest mail to that address that has such a one; waits for it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        for letter in mailbox(email):
            for found in re.findall(r"^https?://\S+$", letter.body, re.MULTILINE):
                if urlsplit(found).path.startswith(path):
                    return urlsplit(found).path
        assert time.monotonic() < deadline, f"no mail to {email} with a link to {path}…"
        time.sleep(0.5)


def first_commands(page: str) -> tuple[str, str, str]:
    """The three commands of the page with the first key."""
    found = dict(re.findall(r"<code data-command=\"(\w+)\">(.*?)</code>", page, re.DOTALL))
    shown = {name: html.unescape(text) for name, text in found.items()}
    return shown["remote"], shown["credential"], shown["push"]


class Browser:
    """One person's browser: cookies, redirects, and forms that are sent with the token that they hold."""

    def __init__(self, client: httpx.Client, origin: str) -> None:
        self._client = client
        self._origin = origin
        self.path = "/"
        self._page = ""

    def open(self, path: str) -> str:
        return self._seen(self._client.get(path))

    def part(self, path: str, **query: str) -> str:
        """What htmx would fetch into the page."""
        answer = self._client.get(path, params=query, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.text
        return answer.text

    def submit(self, path: str, **fields: str) -> str:
        """Sends a form of the page that is open."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self._page)
        assert token is not None, "the page has no form"
        answer = self._client.post(
            path,
            data={"csrfmiddlewaretoken": token.group(1), **fields},
            headers={"Origin": self._origin, "Referer": urljoin(self._origin, self.path)},
        )
        return self._seen(answer)

    def _seen(self, answer: httpx.Response) -> str:
        assert answer.status_code == 200, f"{answer.url}: {answer.status_code}\n{answer.text}"
        self.path, self._page = answer.url.path, answer.text
        return self._page


@contextmanager
def browser(url: str, language: str = "en") -> Iterator[Browser]:
    """Names in `.localhost` are this machine's, whatever its resolver says (RFC 6761), as for browsers."""
    place = urlsplit(url)
    host = place.hostname or ""
    near = "127.0.0.1" if host.endswith(".localhost") else host
    headers = {"Accept-Language": language, "Host": place.netloc}
    base = f"{place.scheme}://{near}" + (f":{place.port}" if place.port else "")
    with httpx.Client(base_url=base, follow_redirects=True, timeout=120, headers=headers) as client:
        yield Browser(client, f"{place.scheme}://{place.netloc}")


def links(page: str) -> list[tuple[str, str]]:
    """Address and text of each link."""
    reader = _Reader()
    reader.feed(page)
    return reader.links


def values(page: str, action: str) -> dict[str, str]:
    """What the fields of a form hold as it is shown."""
    reader = _Reader()
    reader.feed(page)
    return {name: value for name, value in reader.fields.get(action, {}).items() if name[:4] != "csrf"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.fields: dict[str, dict[str, str]] = {}
        self._href: str | None = None
        self._text = ""
        self._form = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "a":
            self._href, self._text = given.get("href"), ""
        elif tag == "form":
            self._form = given.get("action", "")
        elif tag == "input" and "name" in given:
            self.fields.setdefault(self._form, {})[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links.append((self._href, self._text.strip()))
            self._href = None

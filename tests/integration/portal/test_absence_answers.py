"""What visitors get where no project's way stands: one answer to all they ask, and nothing of the portal."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import OperationalError
from portal.absence import look as looking
from portal.absence.application import Absent, subdomain
from portal.absence.kinds import RETRY_AFTER_SECONDS, Absence
from portal.absence.look import Look

KNOWN = {
    "blog": Absence.STOPPED,
    "shop": Absence.NOT_YET,
    "quiz": Absence.STARTING,
    "maze": Absence.UNREACHABLE,
}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("blog.madang.localhost", "blog"),
        ("blog.madang.localhost:8000", "blog"),
        ("BLOG.Madang.LocalHost", "blog"),
        ("blog.madang.localhost.", "blog"),
        ("Blog.madang.localhost.:80", "blog"),
        ("madang.localhost", None),
        ("a.blog.madang.localhost", None),
        ("blog.madang.localhost.evil.example", None),
        ("blog.example", None),
        (".madang.localhost", None),
        ("blog.madang.localhost@evil.example", None),
        ("blog.madang.localhost/login", None),
        ("blog\x00.madang.localhost", None),
        ("", None),
        ("[::1]:8000", None),
    ],
)
def test_a_host_names_a_project_however_it_is_written(host: str, name: str | None) -> None:
    assert (subdomain(host) or None) == name


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is fresh, and who asks waits, until a test says otherwise."""
    monkeypatch.setattr(looking, "FRESH_SECONDS", 3600.0)
    monkeypatch.setattr(looking, "PATIENCE_SECONDS", 300.0)


class Asked:
    """One answer of the application."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        start, body = messages
        self.kind = start["type"]
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.names = [name for name, _ in start["headers"]]
        self.text = body["body"].decode()


async def ask(host: str = "blog.madang.localhost", kind: str = "http", **headers: str) -> Asked:
    messages: list[dict[str, Any]] = []

    async def receive() -> Any:
        raise AssertionError("what a visitor sends is nobody's business")

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    given = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind,
        "method": "POST",
        "path": "/login",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }
    await Absent(Look(lambda: KNOWN))(scope, receive, send)
    return Asked(messages)


@pytest.mark.parametrize("kind", Absence)
async def test_each_absence_has_its_status_and_says_when_to_come_again(kind: Absence) -> None:
    name = next((name for name, known in KNOWN.items() if known is kind), "nobody")
    answer = await ask(f"{name}.madang.localhost")
    assert answer.headers["x-madang-absence"] == kind
    if kind is Absence.NO_PROJECT:
        assert answer.status == 404
        assert "retry-after" not in answer.headers
    else:
        assert answer.status == 503
        assert answer.headers["retry-after"] == str(RETRY_AFTER_SECONDS[kind])


async def test_the_page_needs_nothing_else_and_leaves_nothing_behind() -> None:
    answer = await ask(cookie="session=stolen; language=ko", accept_language="en")
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert len(answer.names) == len(set(answer.names))
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy and "script-src" not in policy
    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert not re.findall(r"<(?:script|img|link|form|iframe)|\son\w+=|\sstyle=|url\(", answer.text)
    assert len(answer.text.encode()) == int(answer.headers["content-length"]) < 4096
    assert answer.headers["content-language"] == "en"


async def test_nothing_that_a_visitor_writes_comes_back() -> None:
    for host in ("<script>.madang.localhost", "evil.example"):
        answer = await ask(host, accept="text/html;<script>", accept_language="<script>,evil")
        assert answer.status == 404
        assert "<script>" not in answer.text + str(answer.headers)
        assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("application/json;q=0.5, text/html", "text/html; charset=utf-8"),
        ("image/png", "text/html; charset=utf-8"),
        ("", "text/html; charset=utf-8"),
        (",;q=x,/", "text/html; charset=utf-8"),
    ],
)
async def test_who_likes_json_better_gets_it(accept: str, media_type: str) -> None:
    answer = await ask(accept=accept)
    assert answer.headers["content-type"] == media_type
    if media_type == "application/json":
        told = json.loads(answer.text)["error"]
        assert told == {
            "reason": "stopped",
            "what": "This project stands still for now.",
            "evidence": "",
            "next": "Come back another day.",
        }


async def test_a_websocket_gets_the_same_in_place_of_its_handshake() -> None:
    answer = await ask(kind="websocket")
    assert (answer.kind, answer.status) == ("websocket.http.response.start", 503)


class Database:
    """Answers once it is let; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    def __call__(self) -> Mapping[str, Absence]:
        self.asked += 1
        if self.away:
            raise OperationalError("no connection")
        return KNOWN


async def test_any_number_of_names_asks_the_database_once() -> None:
    database = Database()
    look = Look(database)
    found = await asyncio.gather(*(look.at(f"name-{number}") for number in range(500)))
    assert set(found) == {Absence.NO_PROJECT}
    assert await look.at("blog") is Absence.STOPPED
    assert await look.at(None) is Absence.NO_PROJECT
    assert database.asked == 1


async def test_while_the_database_is_away_what_was_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "FRESH_SECONDS", -1.0)
    database = Database()
    database.away = True
    look = Look(database)
    assert await look.at("blog") is Absence.UNREACHABLE
    database.away = False
    assert await look.at("blog") is Absence.STOPPED
    database.away = True
    assert await look.at("blog") is Absence.STOPPED
    assert await look.at("nobody") is Absence.NO_PROJECT


async def test_a_database_that_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "PATIENCE_SECONDS", 0.01)
    hanging: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def never(read: object) -> None:
        await hanging

    monkeypatch.setattr(looking, "database", never)
    look = Look(Database())
    assert await look.at("blog") is Absence.UNREACHABLE
    assert await look.at("shop") is Absence.UNREACHABLE
    hanging.cancel()

"""What visitors get where no project answers: the platform's own page, and then the project without a gap."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass

import pytest

from tests.e2e.load import Load
from tests.e2e.road import PROJECTS, Road, live_host

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("the rest")]
CLUB, NAME = "resting", "away"
PATIENCE_SECONDS = 240
# It waits there: to ask again and again from here would start Django each time.
HALTS = f"""
import time
from portal.releases.models import Halt
halts, deadline = Halt.objects.filter(project__club=given["club"]), time.monotonic() + {PATIENCE_SECONDS}
while halts.exists() and time.monotonic() < deadline:
    time.sleep(0.5)
print("halts:", halts.count())
"""


@dataclass(frozen=True)
class Heard:
    status: int
    absence: str | None
    retry: str | None
    cookies: str | None
    body: str


def hear(on: Road, host: str, path: str = "/", method: str = "GET", **headers: str) -> Heard:
    connection = http.client.HTTPConnection("127.0.0.1", on.instance.ports.http, timeout=PATIENCE_SECONDS)
    try:
        given = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, path, headers=given)
        answer = connection.getresponse()
        told = (answer.getheader(name) for name in ("X-Madang-Absence", "Retry-After", "Set-Cookie"))
        return Heard(answer.status, *told, answer.read().decode("utf-8", "replace"))
    finally:
        connection.close()


def club(on: Road, what: str) -> str:
    """An operator's deed on the club, and what it prints."""
    return on.admin(
        "shell",
        "-c",
        "from portal.accounts.principal import operator; from portal.clubs.models import Club; "
        "from portal.clubs.suspending import resume_club, suspend_club; "
        f"given = {{'by': operator('e2e'), 'club': Club.objects.get(slug='{CLUB}')}}; {what}",
    )


def test_an_address_without_a_project_says_so_and_shows_nothing_of_the_portal(platform: Road) -> None:
    host = "nobody-at-all.madang.localhost"
    for path in ("/", "/login", "/api/v1/docs", "/static/web/page.css", "/healthz", "/metrics"):
        heard = hear(platform, host, path)
        assert (heard.status, heard.absence, heard.cookies) == (404, "no-project", None), path
    for name in (host.upper(), f"{host}:8000"):
        assert hear(platform, name).absence == "no-project", name
    assert hear(platform, host, "/login", "POST").absence == "no-project"
    assert "이 주소에는 프로젝트가 없어요" in hear(platform, host, accept_language="ko").body
    told = hear(platform, host, accept="application/json")
    assert json.loads(told.body)["error"]["reason"] == "no-project"
    assert hear(platform, "madang.localhost", "/login").absence is None
    assert hear(platform, "git.madang.localhost", "/").absence is None


def test_a_suspended_project_says_that_it_stands_still_and_comes_back_without_a_gap(platform: Road) -> None:
    on = platform
    on.admin("create_club", CLUB, "--name", "Resting club", "--if-missing")
    assert on.sign_in(CLUB).status == 0
    folder = on.checkout(PROJECTS / "visited", NAME)
    on.create_project(CLUB, NAME, folder)
    on.wait_for(lambda: hear(on, f"{NAME}.madang.localhost").absence == "not-yet", PATIENCE_SECONDS)
    host = live_host(on.student("git", "push", "madang", "main", cwd=folder, show=True))
    before = hear(on, host)
    assert (before.status, before.absence) == (200, None)
    club(on, "suspend_club(**given, why='a rest')")
    on.wait_for(lambda: hear(on, host).absence == "stopped", PATIENCE_SECONDS)
    stopped = hear(on, host, accept_language="en")
    assert (stopped.status, stopped.retry) == (503, "3600")
    assert "stands still" in stopped.body and "a rest" not in stopped.body
    on.wait_for(lambda: not on.nodes_of(CLUB, NAME), PATIENCE_SECONDS)
    assert hear(on, host).absence == "stopped"
    club(on, "resume_club(**given)")
    seen: set[tuple[int, str | None]] = set()

    def is_back() -> bool:
        heard = hear(on, host)
        seen.add((heard.status, heard.absence))
        return heard.status == 200

    on.wait_for(is_back, PATIENCE_SECONDS)
    # Until the first copy takes visitors, nobody is led to where none is; from then on nothing fails.
    assert seen <= {(503, "stopped"), (503, "starting"), (200, None)}, seen
    with Load(host, on.instance.ports.http) as load:
        assert "halts: 0" in club(on, HALTS)
    assert load.result is not None and load.result.failed == 0, load.result

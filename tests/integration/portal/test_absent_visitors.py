"""What visitors get at the address of a project that is not there: through a real portal's port for them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from portal.absence.look import absences
from portal.clubs.suspending import resume_club, suspend_club
from portal.projects.actions import create_project, delete_project
from portal.releases import halting

from deployer.rollout import RolloutOutcome
from deployer.rollout.answer import Answer, ask
from tests.integration.portal.processes import Portal, eventually
from tests.integration.portal.scene import BY, WHY, ScriptedCluster, push, some_project, work


@pytest.fixture
def portal(platform_environment: dict[str, str], tmp_path: Path) -> Iterator[Portal]:
    process = Portal(platform_environment, tmp_path / "portal.log")
    # A first look that is slow is given up: then nothing is known yet.
    wait_told(process, "nobody", "no-project")
    yield process
    process.end()


def wait_told(portal: Portal, subdomain: str, reason: str) -> None:
    """Until visitors of that address are told so."""
    headers = {"Host": f"{subdomain}.madang.localhost", "Accept": "application/json"}

    def told() -> bool:
        answer = httpx.get(portal.absence_url, headers=headers, timeout=240, trust_env=False)
        return bool(json.loads(answer.text)["error"]["reason"] == reason)

    eventually(told, f"{reason} at {subdomain}")


def test_the_database_says_why_a_project_is_not_there(cluster: ScriptedCluster) -> None:
    project = some_project()

    def kind() -> str | None:
        return absences().get(project.subdomain)

    assert kind() == "not-yet"
    seen = []

    def meanwhile(*given: object) -> RolloutOutcome | None:
        cluster.during_rollout = None
        seen.append(kind())
        return None

    cluster.during_rollout = meanwhile
    push(project)
    work()
    assert seen == ["starting"]
    assert kind() == "unreachable"
    suspend_club(by=BY, club=project.club, why="spam")
    assert kind() == "stopped"
    work()
    assert kind() == "stopped"
    resume_club(by=BY, club=project.club)
    assert kind() == "starting"
    work()
    assert kind() == "unreachable"
    delete_project(by=BY, project=project)
    assert kind() is None


def test_a_first_release_that_failed_is_not_there_yet(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.rollout_outcomes = [RolloutOutcome("failed", WHY)]
    push(project)
    work()
    assert absences()[project.subdomain] == "not-yet"
    suspend_club(by=BY, club=project.club, why="spam")
    halting.halt()
    assert absences()[project.subdomain] == "stopped"


def test_visitors_get_one_answer_whatever_they_ask_and_nothing_of_the_portal(portal: Portal) -> None:
    project = some_project()
    wait_told(portal, project.subdomain, "not-yet")
    host = f"{project.subdomain}.madang.localhost"
    with httpx.Client(base_url=portal.absence_url, timeout=240, trust_env=False) as client:
        for path in (
            *(
                "/",
                "/login",
                "/api/v1/whoami",
                "/api/v1/docs",
                "/static/web/page.css",
                "/metrics",
                "/healthz",
            ),
            *("/readyz", "/registry/token", "/operator", "/admin/", "/status/events", "//", "/%2e%2e/login"),
        ):
            for name in (host, host.upper(), f"{host}.", f"{host}:8000", f"{host}.:80"):
                answer = client.get(path, headers={"Host": name, "Accept-Language": "en"})
                assert (answer.status_code, answer.headers["x-madang-absence"]) == (503, "not-yet"), path
                assert answer.headers["retry-after"] == "300"
                assert answer.headers["cache-control"] == "no-store"
                assert not answer.cookies and "set-cookie" not in answer.headers
        for name in (
            "madang.localhost",
            "git.madang.localhost",
            "nobody.madang.localhost",
            "a.b",
            "127.0.0.1",
        ):
            answer = client.get("/login", headers={"Host": name})
            assert (answer.status_code, answer.headers["x-madang-absence"]) == (404, "no-project"), name
            assert "retry-after" not in answer.headers
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
            answer = client.request(method, "/login", headers={"Host": host}, content=b"x" * 100_000)
            assert (answer.status_code, answer.headers["x-madang-absence"]) == (503, "not-yet"), method
        head = client.head("/", headers={"Host": host})
        assert (head.status_code, head.content) == (503, b"")
        assert int(head.headers["content-length"]) > 0
        told = client.get("/", headers={"Host": host, "Accept": "application/json"}).json()
        assert told["error"]["reason"] == "not-yet"
    assert ask(portal.absence_url, host, "/") == Answer(503, False, absent=True)
    assert ask(portal.absence_url, host, "/").unrouted


def test_neither_another_form_of_a_request_nor_a_websocket_leads_past_it(portal: Portal) -> None:
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for request in (
        "GET http://madang.localhost/login HTTP/1.1\r\nHost: nobody.madang.localhost\r\n",
        "GET /login HTTP/1.1\r\nHost: madang.localhost\r\nX-Forwarded-Host: madang.localhost\r\n",
        "GET /login HTTP/1.0\r\n",
        f"GET /api/v1/streams/1 HTTP/1.1\r\nHost: nobody.madang.localhost\r\n{upgrade}{key}",
        f"GET / HTTP/1.1\r\nHost: nobody.madang.localhost\r\n{upgrade}",
        "POST / HTTP/1.1\r\nHost: nobody.madang.localhost\r\nContent-Length: 99999999\r\n"
        "Expect: 100-continue\r\n",
    ):
        said = raw(portal.absence_port, f"{request}\r\n")
        assert said.split(b" ", 2)[1] in (b"404", b"400"), said[:300]
        assert b"csrf" not in said.lower() and b"set-cookie" not in said.lower()


def test_the_page_speaks_both_languages_the_readers_first(portal: Portal) -> None:
    host = "nobody.madang.localhost"
    for language, order in (("ko-KR,ko;q=0.9", ["ko", "en"]), ("en", ["en", "ko"]), ("fr", ["en", "ko"])):
        page = httpx.get(
            f"{portal.absence_url}/", headers={"Host": host, "Accept-Language": language}, timeout=240
        ).text
        said = {"ko": "이 주소에는 프로젝트가 없어요.", "en": "There is no project at this address."}
        assert page.index(said[order[0]]) < page.index("<section") < page.index(said[order[1]])
        assert page.index(f'<html lang="{order[0]}"') < page.index(f'<section lang="{order[1]}"')


def test_what_changes_is_seen_within_moments(portal: Portal) -> None:
    project = some_project()
    second = f"second-{project.club.slug}"
    wait_told(portal, project.subdomain, "not-yet")
    wait_told(portal, second, "no-project")
    create_project(by=BY, club=project.club, slug=second)
    wait_told(portal, second, "not-yet")


def raw(port: int, request: str) -> bytes:
    """What comes for it until the other side ends, or has said its first part."""
    with socket.create_connection(("127.0.0.1", port), timeout=240) as connection:
        connection.sendall(request.encode())
        return connection.recv(65536)

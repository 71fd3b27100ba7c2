"""What lives on a project's pages: nobody misses a line or sees one twice; who may not see it gets none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client
from django.urls import resolve
from portal import rechecking
from portal.accounts.models import User
from portal.builds import following, log
from portal.builds.models import Build, StreamState
from portal.clubs.models import Club, Membership
from portal.projects import applogs
from portal.projects import following as projects_following
from portal.projects.models import Project
from portal.web.pages.project import app_logs, streams
from portal.web.pages.project.events import _events as project_events
from portal.web.request import PageRequest

from deployer.errors import TemporaryError
from deployer.rollout import AppLine
from tests.integration.portal.processes import Portal
from tests.integration.portal.scene import ScriptedCluster, push, some_project, trouble
from tests.integration.portal.visitors import BACKEND, person, visit

# Pages are given at their own address alone.
HOST = {"Host": "madang.localhost:8000"}
say = sync_to_async(log.say)
end = sync_to_async(log.end)


@pytest.fixture(autouse=True)
def no_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between what a test waits for, which may take its time."""
    for module in (streams, applogs):
        monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 3600.0)


@pytest.fixture
def build(clean: None) -> Build:
    return push(some_project())


def read(raw: bytes) -> dict[str, Any]:
    """One event in its parts."""
    found: dict[str, Any] = {}
    for line in raw.decode().splitlines():
        name, _, value = line.partition(": ")
        found[name] = value
    if "data" in found:
        found["data"] = json.loads(found["data"])
    return found


async def lines(stream: int, after: int) -> AsyncIterator[dict[str, Any]]:
    async with aclosing(streams._events(stream, after, "en")) as events:
        async for raw in events:
            event = read(raw)
            if "event" in event:
                yield event


async def test_readers_that_come_and_go_see_every_line_once_while_it_is_written(build: Build) -> None:
    many = 600

    async def write() -> None:
        for first in range(0, many, 20):
            await say(build.stream_id, *[f"line {first + n}" for n in range(20)])
        await end(build.stream_id, StreamState.SUCCEEDED)

    async def watch(patience: int) -> list[list[Any]]:
        """Leaves after so many events, and comes again with what it saw last."""
        seen: list[list[Any]] = []
        while True:
            count = 0
            async with aclosing(lines(build.stream_id, seen[-1][0] if seen else 0)) as events:  # type: ignore[type-var]
                async for event in events:
                    if event["event"] == "end":
                        return seen
                    if event["event"] == "lines":
                        assert event["id"] == str(event["data"][-1][0])
                        seen += event["data"]
                    count += 1
                    if count >= patience:
                        break

    writing = asyncio.ensure_future(write())
    results = await asyncio.gather(*(watch(1 + number % 4) for number in range(20)))
    await writing
    for seen in results:
        assert [row[0] for row in seen] == list(range(1, len(seen) + 1))
        texts = ["".join(text for _, text in row[3]) for row in seen]
        assert [text for text in texts if text.startswith("line")] == [f"line {n}" for n in range(many)]


async def test_readers_of_one_line_read_it_each_in_their_language(build: Build) -> None:
    await say(build.stream_id, "preparing", kind="build")

    async def first(language: str) -> list[str]:
        async with aclosing(streams._events(build.stream_id, 0, language)) as events:
            rows = read(await anext(events))["data"]
        return ["".join(text for _, text in row[3]) for row in rows]

    korean, english = await asyncio.gather(first("ko"), first("en"))
    commit = build.commit[:7]
    assert korean == [f"빌드 {build.pk}번: main 브랜치의 커밋 {commit}", "preparing"]
    assert english == [f"Build {build.pk}: commit {commit} of main", "preparing"]


async def test_a_reader_that_has_gone_leaves_nothing_behind(build: Build) -> None:
    hub = following._hub()
    readers = [streams._events(build.stream_id, 0, "en") for _ in range(50)]
    for reader in readers:
        await anext(reader)
    assert hub._watched[build.stream_id].readers == 50
    for reader in readers:
        await reader.aclose()
    assert build.stream_id not in hub._watched


async def test_a_line_is_data_and_never_html(build: Build) -> None:
    await say(build.stream_id, "<script>alert(1)</script>\n\nevent: end", "\x1b[32mgreen", kind="build")
    async with aclosing(lines(build.stream_id, 0)) as events:  # type: ignore[type-var]
        event = await anext(events)
    rows = event["data"]
    assert [["", "<script>alert(1)</script>\n\nevent: end"]] in [row[3] for row in rows]
    assert [["ansi-green", "green"]] in [row[3] for row in rows]


async def test_who_waits_is_told_the_place_and_why(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.1)
    async with aclosing(lines(build.stream_id, 100)) as events:  # type: ignore[type-var]
        event = await anext(events)
    assert event["event"] == "place"
    assert event["data"]["what"] == "Waiting for a free builder; yours is next."


async def test_a_page_is_told_of_a_push_and_of_what_follows(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects_following, "POLL_SECONDS", 0.05)
    project = build.project
    seen = await sync_to_async(projects_following.version_of)(project.pk)
    async with aclosing(project_events(project.pk, seen)) as events:

        async def told() -> dict[str, Any]:
            async for raw in events:
                if "event" in (event := read(raw)):
                    return event
            raise AssertionError("it ended")

        waiting = asyncio.ensure_future(told())
        newer = await sync_to_async(push)(project)
        event = await waiting
        assert (event["event"], event["data"]) == ("stream", {"stream": newer.stream_id})
        assert (await told())["event"] == "standing"
        waiting = asyncio.ensure_future(told())
        await sync_to_async(Build.objects.filter(pk=newer.pk).update)(state="running")
        event = await waiting
        assert event["event"] == "standing"
        last = event["id"]
    async with aclosing(project_events(project.pk, last)) as again:
        waiting = asyncio.ensure_future(anext(again))
        await sync_to_async(Project.objects.filter(pk=project.pk).update)(deleted_at=datetime.now(UTC))
        while b"standing" not in (await waiting):
            waiting = asyncio.ensure_future(anext(again))


@pytest.mark.parametrize("text", ["", "nonsense", "a~x", "~5", "a~99999999999999999999", "a~１"])
def test_a_place_that_is_none_of_ours_is_as_if_nothing_had_been_seen(text: str) -> None:
    assert app_logs.read_place(text) == {}


def test_a_place_is_read_as_it_was_written() -> None:
    place = {f"site-7d9-{n}": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in range(3)}
    assert app_logs.read_place(app_logs.write_place(place)) == place


async def test_an_app_s_log_goes_on_from_each_copy_s_last_line(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    asked: list[Any] = []
    written = [
        AppLine(begin + timedelta(microseconds=n), f"site-a-{n % 2}", f"\x1b[31mline {n}") for n in range(10)
    ]

    class Rollouts:
        def logs(
            self, club: str, project: str, follow: bool, tail: int, stop: Any, seen: Any
        ) -> Iterator[AppLine]:
            asked.append(seen)
            for line in written:
                if not seen or line.pod not in seen or line.at > seen[line.pod]:
                    yield line
            raise trouble(TemporaryError)

    monkeypatch.setattr("portal.cluster.rollouts", Rollouts)
    project = await sync_to_async(some_project)()
    found = await sync_to_async(applogs.source)(project)
    seen: list[str] = []
    place: dict[str, datetime] = {}
    for _ in range(4):
        count = 0
        async with aclosing(app_logs._events(found, place, "en")) as events:
            async for raw in events:
                event = read(raw)
                if event["event"] == "end":
                    assert event["data"]["what"] == "It broke."
                    break
                place = app_logs.read_place(event["id"])
                seen += ["".join(text for _, text in row[3]) for row in event["data"]]
                count += 1
                if count == 3:
                    break
    assert seen == [f"line {n}" for n in range(10)]
    assert asked[0] is None and asked[1] is not None


ENDINGS: dict[str, Callable[[Client, User], object]] = {
    "signed out": lambda client, user: client.logout(),
    "another password": lambda client, user: set_password(user),
    "no member any more": lambda client, user: Membership.objects.filter(user=user).delete(),
    "disabled": lambda client, user: User.objects.filter(pk=user.pk).update(is_active=False),
}


def set_password(user: User) -> None:
    user.set_password("another one of theirs")
    user.save()


def let_in(client: Client, project: Project, path: str) -> PageRequest:
    """A request for a path of the project, as the gate hands it on."""
    answer = client.get(f"/clubs/{project.club.slug}/{project.slug}")
    request = cast("PageRequest", answer.wsgi_request)
    request.resolver_match = resolve(path)
    return request


@pytest.mark.parametrize("ending", ENDINGS)
async def test_who_may_not_see_a_page_any_more_gets_no_further_line(
    build: Build, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(rechecking, "RECHECK_SECONDS", 0.0)
    club, project = build.project.club, build.project
    user = await sync_to_async(person)(club)
    client = Client()
    await sync_to_async(client.force_login)(user, backend=BACKEND)
    path = f"/clubs/{club.slug}/{project.slug}/streams/{build.stream_id}/events"
    request = await sync_to_async(let_in)(client, project, path)
    answer = aiter(await streams.stream_events(request, club.slug, project.slug, build.stream_id))
    assert await anext(answer) == b"retry: 1000\n\n"
    assert read(await anext(answer))["event"] == "lines"
    await sync_to_async(ENDINGS[ending])(client, user)
    await say(build.stream_id, "not for them")
    assert [each async for each in answer] == []


@pytest.fixture
def portal(platform_environment: dict[str, str], tmp_path: Path) -> Iterator[Portal]:
    process = Portal(platform_environment, tmp_path / "portal.log")
    yield process
    process.end()


def cookies(club: Club) -> dict[str, str]:
    client = visit(club)
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


async def test_over_http_a_browser_goes_on_by_last_event_id_and_strangers_get_nothing(
    build: Build, portal: Portal
) -> None:
    path = f"/clubs/{build.project.club.slug}/{build.project.slug}/streams/{build.stream_id}/events"
    member = await sync_to_async(cookies)(build.project.club)
    stranger = await sync_to_async(cookies)((await sync_to_async(some_project)()).club)
    await say(build.stream_id, "one", "two")
    async with httpx.AsyncClient(base_url=portal.url, timeout=240, headers=HOST) as client:
        assert (await client.get(path)).status_code == 302
        assert (await client.get(path, cookies=stranger)).status_code == 404

        async def first(headers: dict[str, str]) -> dict[str, Any]:
            async with client.stream("GET", path, cookies=member, headers=headers) as answer:
                assert answer.status_code == 200
                assert answer.headers["content-type"] == "text/event-stream"
                whole = b""
                async for chunk in answer.aiter_bytes():
                    whole += chunk
                    for raw in whole.split(b"\n\n")[:-1]:
                        if b"event: " in raw:
                            return read(raw)
            raise AssertionError("it ended")

        event = await first({})
        last = event["data"][-1][0]
        assert event["id"] == str(last)
        await say(build.stream_id, "three")
        event = await first({"Last-Event-ID": str(last)})
        assert [row[3] for row in event["data"]] == [[["", "three"]]]
        await end(build.stream_id, StreamState.FAILED)
        event = await first({"Last-Event-ID": event["id"]})
        assert (event["event"], event["data"]) == ("end", {"state": "failed"})

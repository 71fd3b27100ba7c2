"""Many people watch one deploy: nobody misses a line, and nobody costs a thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import RequestFactory
from portal import rechecking
from portal.accounts.models import AccessKey
from portal.accounts.selectors import authenticate
from portal.api import streams
from portal.builds import following, log
from portal.builds.models import Build, StreamState

from tests.integration.portal.processes import Portal
from tests.integration.portal.scene import key_for, push, some_project

WATCHERS = 80


@pytest.fixture
def portal(platform_environment: dict[str, str], tmp_path: Path) -> Iterator[Portal]:
    process = Portal(platform_environment, tmp_path / "portal.log")
    yield process
    process.end()


@pytest.fixture
def build(clean: None) -> Build:
    return push(some_project())


@pytest.fixture
def client(portal: Portal, build: Build) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{portal.url}/api/v1",
        headers={"Authorization": f"Bearer {key_for(build.project, 'read')}"},
        timeout=240,
        limits=httpx.Limits(max_connections=None),
    )


async def events(client: httpx.AsyncClient, stream: int, after: int = 0) -> AsyncIterator[dict[str, Any]]:
    async with client.stream("GET", f"/streams/{stream}?after={after}") as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            yield json.loads(line)


async def without_heartbeats(told: AsyncIterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event async for event in told if "heartbeat" not in event]


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


say = sync_to_async(log.say)
end = sync_to_async(log.end)


async def test_everyone_sees_every_line_in_order_and_the_end(
    portal: Portal, build: Build, client: httpx.AsyncClient
) -> None:
    started = asyncio.Semaphore(0)

    async def watch() -> list[dict[str, Any]]:
        seen = []
        async for event in events(client, build.stream_id):
            seen.append(event)
            if len(seen) == 1:
                started.release()
        return [event for event in seen if "heartbeat" not in event]

    watching = [asyncio.ensure_future(watch()) for _ in range(WATCHERS)]
    for _ in range(WATCHERS):
        await started.acquire()
    threads = threads_of(portal.pid)
    for number in range(700):
        if number % 100 == 0:
            await say(build.stream_id, *[f"line {number + n}" for n in range(100)])
    await end(build.stream_id, StreamState.SUCCEEDED)
    results = await asyncio.gather(*watching)
    assert all(result == results[0] for result in results)
    *entries, last = results[0]
    assert last == {"end": {"state": "succeeded", "exit_code": 0}}
    assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [e["text"] for e in entries if e["text"].startswith("line")] == [f"line {n}" for n in range(700)]
    assert threads < WATCHERS / 2
    await client.aclose()


async def test_a_lost_connection_goes_on_where_it_stopped(build: Build, client: httpx.AsyncClient) -> None:
    await say(build.stream_id, "one", "two", "three")
    first = []
    async for event in events(client, build.stream_id):
        first.append(event)
        if event.get("text") == "two":
            break
    await say(build.stream_id, "four")
    await end(build.stream_id, StreamState.FAILED)
    rest = await without_heartbeats(events(client, build.stream_id, after=first[-1]["sequence"]))
    assert [event.get("text") for event in rest[:-1]] == ["three", "four"]
    assert rest[-1] == {"end": {"state": "failed", "exit_code": 1}}
    assert rest[0]["sequence"] == first[-1]["sequence"] + 1
    await client.aclose()


async def test_who_asks_in_korean_is_told_in_korean(build: Build, client: httpx.AsyncClient) -> None:
    await end(build.stream_id, StreamState.SUPERSEDED)
    async with client.stream(
        "GET", f"/streams/{build.stream_id}", headers={"Accept-Language": "ko-KR, *;q=0.9"}
    ) as answer:
        assert answer.headers["Content-Language"] == "ko"
        first = json.loads(await anext(answer.aiter_lines()))
    assert first["text"] == f"빌드 {build.pk}번: main 브랜치의 커밋 {build.commit[:7]}"
    missing = await client.get("/streams/999999", headers={"Accept-Language": "ko"})
    assert (missing.status_code, missing.headers["Content-Language"]) == (404, "ko")
    assert missing.json()["error"]["next"] == "이름과 키를 확인하세요."
    await client.aclose()


@pytest.mark.parametrize("spoilt", [{"revoked_at": Now()}, {"expires_at": Now()}])
async def test_a_key_that_opens_nothing_any_more_shows_no_further_line(
    build: Build, monkeypatch: pytest.MonkeyPatch, spoilt: dict[str, Any]
) -> None:
    monkeypatch.setattr(rechecking, "RECHECK_SECONDS", 0.0)
    key = await sync_to_async(key_for)(build.project, "read")
    request = RequestFactory().get("/")
    request.auth = await sync_to_async(authenticate)(key)  # type: ignore[attr-defined]
    answer = aiter(await streams.watch(request, build.stream_id))
    assert json.loads(await anext(answer))["text"].startswith("Build")
    await sync_to_async(AccessKey.objects.update)(**spoilt)
    await say(build.stream_id, "not for them")
    assert [json.loads(line) async for line in answer] == []


async def test_an_ended_deploy_is_shown_whole_and_ends(build: Build, client: httpx.AsyncClient) -> None:
    await end(build.stream_id, StreamState.SUPERSEDED)
    seen = await without_heartbeats(events(client, build.stream_id))
    assert seen[0]["text"].startswith("Build")
    assert seen[-1]["end"] == {"state": "superseded", "exit_code": 1}
    await client.aclose()


async def test_a_database_that_is_away_ends_nothing_and_what_was_written_meanwhile_is_shown(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(ids: list[int]) -> dict[int, following.Glimpse]:
        raise OperationalError("the server closed the connection unexpectedly")

    async with aclosing(following.follow(build.stream_id, 0, heartbeat_seconds=0.1)) as watched:
        first = await anext(watched)
        while isinstance(first, following.Heartbeat):
            first = await anext(watched)
        with monkeypatch.context() as patched:
            patched.setattr(following, "_look", away)
            gone = 0.0
            while gone < 1:
                event = await anext(watched)
                assert isinstance(event, following.Heartbeat)
                gone = event.away_seconds
        await say(build.stream_id, "meanwhile")
        event = await anext(watched)
        while isinstance(event, following.Heartbeat):
            event = await anext(watched)
    assert isinstance(first, list)
    assert isinstance(event, list)
    assert [entry.text for entry in event] == ["meanwhile"]


async def test_a_heartbeat_tells_how_many_builds_wait_in_front(build: Build) -> None:
    later = await sync_to_async(push)(await sync_to_async(some_project)())
    async with aclosing(following.follow(later.stream_id, 10, heartbeat_seconds=0.1)) as watched:
        places = set()
        while 0 not in places:
            event = await anext(watched)
            assert isinstance(event, following.Heartbeat)
            if event.wait is not None:
                places.add(event.wait.before)
                if event.wait.before == 1:
                    await sync_to_async(Build.objects.filter(pk=build.pk).update)(state="running")
        await sync_to_async(Build.objects.filter(pk=later.pk).update)(state="running")
        while event.wait is not None:
            event = await anext(watched)
            assert isinstance(event, following.Heartbeat)
    assert {0, 1} <= places

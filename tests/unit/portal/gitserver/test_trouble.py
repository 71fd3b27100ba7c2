"""What a pusher and an operator hear when the git server itself fails, or its client does."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping, MutableMapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.accounts.principal import platform  # noqa: E402 - models need Django's settings
from portal.gitserver import hookserver  # noqa: E402
from portal.gitserver.address import GitRequest, Service  # noqa: E402
from portal.gitserver.backend import Backend, Head  # noqa: E402
from portal.gitserver.directory import Target  # noqa: E402
from portal.gitserver.exchange import Exchange, deliver  # noqa: E402
from portal.gitserver.pushes import Push  # noqa: E402
from portal.gitserver.repositories import Owner  # noqa: E402
from portal.gitserver.server import GitServer  # noqa: E402

TARGET = Target(Owner(1, "2026", "main"), "chess", "blog", "http://blog.localhost")


def told(push: Push, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """What the hook of a push gets to hear whose deploy fails by a mistake of ours."""
    answers: list[Mapping[str, Any]] = []

    async def send(answer: Mapping[str, Any]) -> None:
        answers.append(answer)

    async def fail(*_: object) -> int:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(hookserver, "pre_receive", fail)
    asyncio.run(hookserver._deploy(cast("GitServer", None), push, [], {}, send))
    return answers


def push() -> Push:
    return Push(TARGET, platform(), Path("1.git"), "en")


def test_a_push_that_was_not_taken_yet_is_not_said_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    *said, end = told(push(), monkeypatch)
    assert "Nothing was deployed" in said[0]["text"]
    assert "madang attach" not in said[0]["text"]
    assert end == {"exit": 1}


def test_a_push_that_was_taken_is_said_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = push()
    taken.build_id = 7
    accepted, said, end = told(taken, monkeypatch)
    assert accepted == {"accepted": True}
    assert "madang attach" in said["text"]
    assert end == {"exit": 1}


class Answering:
    """A git that has an answer for whoever takes it."""

    discarded = False

    async def head(self) -> Head:
        return Head(200, [])

    async def body(self) -> AsyncIterator[bytes]:
        yield b"0000"

    async def discard(self) -> None:
        self.discarded = True


async def never(*_: object) -> MutableMapping[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def test_a_client_that_takes_nothing_any_more_is_called_so(caplog: pytest.LogCaptureFixture) -> None:
    backend = Answering()
    server = cast("GitServer", SimpleNamespace(settings=SimpleNamespace(stalled_seconds=0.01)))
    request = GitRequest("chess", "blog", Service.FETCH, advertisement=False)

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await never()

    with caplog.at_level(logging.INFO):
        exchange = Exchange(server, {}, never, send, request, TARGET, platform())
        asyncio.run(deliver(exchange, cast("Backend", backend), reference="1"))
    assert backend.discarded
    assert "a client took nothing of its answer any more" in caplog.messages

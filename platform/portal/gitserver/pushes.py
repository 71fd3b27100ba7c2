"""The pushes that are going on, by the secret that their hooks know them by."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portal.accounts.principal import Principal
from portal.gitserver.directory import Target


@dataclass
class Push:
    """One run of receive-pack. `received` is set once its hook called: the pack is here and
    checked. `build_id` and `stream_id` are set once the push was accepted. `language` is what the pusher is
    told in."""

    target: Target
    principal: Principal
    repository: Path
    language: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    received: asyncio.Event = field(default_factory=asyncio.Event)
    build_id: int | None = None
    stream_id: int | None = None
    succeeded: bool = False


class Pushes:
    """`ended` wakes whoever waits for all of them to end."""

    def __init__(self) -> None:
        self._by_secret: dict[str, Push] = {}
        self._ended = asyncio.Condition()

    def __len__(self) -> int:
        return len(self._by_secret)

    def __iter__(self) -> Iterator[Push]:
        return iter(list(self._by_secret.values()))

    def of(self, project_id: int) -> int:
        """How many pushes of one project go on."""
        return sum(1 for push in self if push.target.project_id == project_id)

    def begin(self, push: Push) -> None:
        self._by_secret[push.secret] = push

    def find(self, secret: str) -> Push | None:
        return self._by_secret.get(secret)

    async def end(self, push: Push) -> None:
        async with self._ended:
            self._by_secret.pop(push.secret, None)
            self._ended.notify_all()

    async def all_ended(self) -> None:
        async with self._ended:
            await self._ended.wait_for(lambda: not self._by_secret)

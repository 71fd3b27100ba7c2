"""What all parts of the git server share while it runs."""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import socket
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.gitserver import hook, wording
from portal.gitserver.languages import Languages
from portal.gitserver.policy import git_configuration
from portal.gitserver.pushes import Pushes
from portal.gitserver.repositories import Repositories, git_environment
from portal.gitserver.seats import Seats
from portal.gitserver.settings import GitServerSettings

_PREFIX = "madang-git-"
_SOCKET = "hooks.socket"
_STARTING_SECONDS = 300
HOOKS = ("pre-receive", "proc-receive")


class Busy(Exception):
    """No turn came in time."""


class Turns:
    """At most `count` at once; who waits longer than `patience_seconds` gets Busy."""

    def __init__(self, count: int, patience_seconds: float) -> None:
        self._semaphore = asyncio.Semaphore(count)
        self._patience_seconds = patience_seconds

    @property
    def taken(self) -> bool:
        return self._semaphore.locked()

    async def take(self) -> None:
        try:
            await asyncio.wait_for(self._semaphore.acquire(), self._patience_seconds)
        except TimeoutError:
            raise Busy from None

    def give_back(self) -> None:
        self._semaphore.release()


class SharedTurns:
    """The same with a share for each club: one that is slow for long leaves turns to others."""

    def __init__(self, count: int, club_count: int, patience_seconds: float) -> None:
        self._all = Turns(count, patience_seconds)
        self._of_clubs: defaultdict[str, Turns] = defaultdict(lambda: Turns(club_count, patience_seconds))

    def taken(self, club: str) -> bool:
        """Whether the club would have to wait now."""
        return self._all.taken or self._of_clubs[club].taken

    async def take(self, club: str) -> None:
        own = self._of_clubs[club]
        await own.take()
        try:
            await self._all.take()
        except BaseException:
            own.give_back()
            raise

    def give_back(self, club: str) -> None:
        self._all.give_back()
        self._of_clubs[club].give_back()

    @asynccontextmanager
    async def turn(self, club: str) -> AsyncIterator[Callable[[], None]]:
        """One turn to the end of the block, or until what it gives is called."""
        await self.take(club)
        with ExitStack() as taken:
            taken.callback(self.give_back, club)
            yield taken.close


@dataclass
class GitServer:
    """`runtime` is a private folder for this process: hooks, git's configuration, the hooks' socket.
    `closing` is set when the process was asked to end; `tasks` are pushes that outlive their client."""

    settings: GitServerSettings
    repositories: Repositories
    runtime: Path
    pushes: Pushes = field(default_factory=Pushes)
    languages: Languages = field(default_factory=Languages)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    pushing: SharedTurns = field(init=False)
    receiving: SharedTurns = field(init=False)
    preparing: SharedTurns = field(init=False)
    fetching: SharedTurns = field(init=False)
    slow: Seats = field(init=False)

    def __post_init__(self) -> None:
        given = self.settings
        self.pushing = SharedTurns(given.push_concurrency, given.club_push_concurrency, given.turn_seconds)
        self.preparing = SharedTurns(given.preparing_concurrency, 1, given.turn_seconds)
        self.receiving = SharedTurns(
            given.receiving_concurrency, given.club_receiving_concurrency, given.turn_seconds
        )
        self.fetching = SharedTurns(given.fetch_concurrency, given.club_fetch_concurrency, given.turn_seconds)
        self.slow = Seats(given.slow_fetch_concurrency)

    @classmethod
    def prepare(cls, root: Path, settings: GitServerSettings) -> GitServer:
        """Makes the runtime folder and the folders under `root`. Raises OSError if they cannot be made."""
        remove_stale_runtimes()
        runtime = Path(tempfile.mkdtemp(prefix=_PREFIX))
        home = runtime / "home"
        home.mkdir()
        configuration = runtime / "gitconfig"
        hooks = install_hooks(runtime / "hooks")
        configuration.write_text(git_configuration(hooks=hooks, push_limit_bytes=settings.push_limit_bytes))
        repositories = Repositories(root, git_environment(configuration, home))
        repositories.sources.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(settings, repositories, runtime)

    @property
    def hook_socket(self) -> Path:
        return self.runtime / _SOCKET

    def push_environment(self, secret: str) -> Mapping[str, str]:
        """What a push's hooks find the server with and say when it is gone, and how much git may ask for at
        once to read the push."""
        return {
            "MADANG_PUSH_SOCKET": str(self.hook_socket),
            "MADANG_PUSH_SECRET": secret,
            "MADANG_PUSH_LAST_WORDS": json.dumps(wording.last_words()),
            "GIT_ALLOC_LIMIT": str(self.settings.object_limit_bytes),
        }

    def spawn(self, task: asyncio.Task[None]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def remove_runtime(self) -> None:
        shutil.rmtree(self.runtime, ignore_errors=True)


def remove_stale_runtimes() -> None:
    """Folders of servers that were killed: nobody answers on their socket."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            if time.time() - folder.stat().st_mtime < _STARTING_SECONDS:
                continue
            try:
                probe.connect(str(folder / _SOCKET))
            except (FileNotFoundError, ConnectionRefusedError):
                shutil.rmtree(folder, ignore_errors=True)


def install_hooks(folder: Path) -> Path:
    """Executable hooks that run the package's hook with this very Python (packages may lose their x bits)."""
    folder.mkdir()
    program = Path(hook.__file__)
    for name in HOOKS:
        words = shlex.join([sys.executable, "-I", "-S", str(program), name])
        (folder / name).write_text(f"#!/bin/sh\nexec {words}\n")
        (folder / name).chmod(0o700)
    return folder

"""A program that a machine keeps running, and how one sees that what it needs is there."""

import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST_NETWORK = "{host_network}"
"""In an argument: becomes the path of the host's network namespace, for programs that lead out or in."""


@dataclass(frozen=True)
class Program:
    """A program to keep running.

    `wait_for`: what must be there first: `unix:PATH`, an http(s) URL, or `queue:N`, a queue of the kernel's
    packets that a program has taken on.
    `alive`: an http URL; if it stops answering, the program hangs and is killed.
    `restart_with`: programs whose new start this one must follow with a new start of its own.
    `listen`: HOST:PORT of the host's network; the sockets are made before the machine has its own network
    and are handed over open; LISTEN_FDS names their descriptors, "5,6,7".
    """

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    wait_for: tuple[str, ...] = ()
    alive: str = ""
    restart_with: tuple[str, ...] = ()
    listen: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Program":
        sequences = {key: tuple(raw[key]) for key in ("argv", "wait_for", "restart_with", "listen")}
        return cls(**{**raw, **sequences})


def answers(address: str, timeout_seconds: float = 1.0) -> bool:
    """Is it there? `unix:PATH`, `queue:N`, or an http(s) URL that says 200."""
    if address.startswith("unix:"):
        return Path(address.removeprefix("unix:")).is_socket()
    if address.startswith("queue:"):
        queues = Path("/proc/self/net/netfilter/nfnetlink_queue")
        taken = [line.split()[0] for line in queues.read_text().splitlines()] if queues.exists() else []
        return address.removeprefix("queue:") in taken
    # Our own machine's addresses: no proxy of the environment, and it is not secrecy that is asked for here.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),  # noqa: S323
    )
    try:
        with opener.open(address, timeout=timeout_seconds) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False

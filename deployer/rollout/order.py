"""What a rollout is asked to do, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from deployer.errors import Explanation


@dataclass(frozen=True)
class ClubSpec:
    """A club's namespace `club-<slug>`: its budget, and the registry login that may pull its own images."""

    slug: str
    memory_bytes: int
    cpu_millicores: int
    pods: int
    pull_username: str
    pull_password: str = field(repr=False)


@dataclass(frozen=True)
class RolloutOrder:
    """One release to be made live.

    `release` is the release's number, `fence` the Rollout row's fencing number: an order with a smaller
    one than what the cluster has seen is refused. `image` is host/repository@sha256:… as a node pulls.
    `hostname` is what the Ingress answers to, `url` what the pusher is told. `command` replaces the
    image's CMD (None: it does not). `release_command` has to end well before the release is applied (None:
    there is none).
    """

    club: str
    project: str
    release: int
    image: str
    hostname: str
    url: str
    port: int = 8080
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    replicas: int = 1
    memory_bytes: int = 256 << 20
    cpu_millicores: int = 250
    health_path: str | None = None
    command: tuple[str, ...] | None = None
    release_command: tuple[str, ...] | None = None
    fence: int = 0


@dataclass(frozen=True)
class RolloutOutcome:
    """How following a rollout ended.

    prepared: the release command has ended well, or there is none. live: the address itself has answered.
    failed: the student's; undo by applying the previous order.
    lost: the platform's, try again. superseded: a newer order was applied. stopped: `stop()`
    said so. `node_lost` says that it was lost because the release command's node was taken away.
    """

    state: Literal["prepared", "live", "failed", "lost", "superseded", "stopped"]
    explanation: Explanation | None = None
    node_lost: bool = False

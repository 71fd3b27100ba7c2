"""What a build is asked to do, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from deployer.build.build_plan import BuildPlan
from deployer.errors import Explanation


@dataclass(frozen=True)
class BuildLimits:
    """What one build may use; its clock runs from the pod's start, not while it waits for a node."""

    memory_bytes: int = 2 << 30
    cpu_millicores: int = 2000
    disk_bytes: int = 10 << 30
    deadline_seconds: int = 900


@dataclass(frozen=True)
class BuildOrder:
    """One attempt at one build. `build` is the Build row's id, `attempt` counts from 1.

    `source_url` gives the archive of `write_archive` to who sends `Authorization: Bearer <source_token>`.
    `push_image` is host/repository:tag as a build pushes, `cache_image` the same for the project's build
    cache; the user name and password are the registry's for exactly those two repositories.
    """

    build: str
    attempt: int
    club: str
    project: str
    source_url: str
    source_token: str = field(repr=False)
    push_image: str
    cache_image: str
    push_username: str
    push_password: str = field(repr=False)
    plan: BuildPlan
    limits: BuildLimits = field(default_factory=BuildLimits)


@dataclass(frozen=True)
class LogLine:
    """A line for the pusher. `kind` is "platform" (Madang speaks) or "build" (the student's build speaks).

    `text` is a Sentence where Madang speaks. `at` is the line's own time (the kubelet's or the object's), so
    that following again from the last `at` stored repeats nothing.
    """

    at: datetime
    kind: Literal["platform", "build"]
    text: str


@dataclass(frozen=True)
class BuildOutcome:
    """How following a build ended.

    succeeded: `digest` is "sha256:…". failed: the student's, `explanation` says why. lost: the platform's
    or a machine's, start the next attempt. cancelled: the Job was deleted. stopped: `stop()` said so, the
    Job goes on. `restarts` counts the pods that vanished with their node and were replaced, `node_lost` says
    of a lost or cancelled one that its node was, which nobody did wrong.
    """

    state: Literal["succeeded", "failed", "lost", "cancelled", "stopped"]
    digest: str | None = None
    explanation: Explanation | None = None
    restarts: int = 0
    node_lost: bool = False

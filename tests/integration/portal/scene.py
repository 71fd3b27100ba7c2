"""A club with projects, and a cluster that does what a test has written down."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models.functions import Now
from portal.accounts.actions import create_key
from portal.accounts.principal import Principal, operator
from portal.builds import queue as build_queue
from portal.builds import running as building
from portal.builds.actions import accept_push
from portal.builds.models import Build, LogEntry
from portal.clubs.actions import create_club
from portal.leases.model import Leased
from portal.projects.actions import create_project
from portal.projects.models import Project
from portal.releases import halt_running, halting, halts
from portal.releases import queue as rollout_queue
from portal.releases import running as rolling
from portal.releases.models import Halt, Release, Rollout

from deployer.build import BuildOrder, BuildOutcome, BuildPlan, LogLine
from deployer.errors import DeployerError, Explanation
from deployer.rollout import AppLine, ClubSpec, RolloutOrder, RolloutOutcome
from deployer.sentence import Sentence

BY = operator("test")
WHY = Explanation("it-broke", "It broke.", "a line of the log", "Mend it.")


class Killed(BaseException):
    """The worker is gone at this very point: nothing of it runs any more."""


@dataclass(frozen=True)
class Archive:
    path: Path = Path("/repos/.sources/a.tar.gz")
    size_bytes: int = 1000
    sha256: str = "0" * 64


def some_project(slug: str = "site") -> Project:
    """A project in a club of its own."""
    club = create_club(by=BY, slug=f"c{secrets.token_hex(4)}", name="Club")
    return create_project(by=BY, club=club, slug=slug)


def key_for(project: Project, *scopes: str, only: bool = False) -> str:
    _, text = create_key(
        by=BY, club=project.club, name="test", scopes=scopes, project=project if only else None
    )
    return text


def push(project: Project, commit: str = "", by: Principal = BY, **plan: Any) -> Build:
    return accept_push(
        by=by,
        project=project,
        commit=commit or secrets.token_hex(20),
        branch="main",
        plan=BuildPlan(language="python", port=8080, **plan),
        archive=Archive(),
    )


def lines_of(stream_id: int) -> list[str]:
    entries = list(LogEntry.objects.filter(stream_id=stream_id).order_by("sequence"))
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    return [entry.text for entry in entries]


def digest_of(order: BuildOrder) -> str:
    return "sha256:" + f"{int(order.build):064x}"


@dataclass
class ScriptedCluster:
    """Speaks the deployer's contract. What it holds outlives workers, as a cluster does.

    `build_outcomes` and `rollout_outcomes` are used up one a `follow`; then all goes well. An outcome may
    be an exception. `kill_at` names a call ("builder.follow", "rollouts.apply", …) whose worker dies there,
    once: before the call has any effect with `kill_before`, else after it.
    """

    build_outcomes: list[BuildOutcome | Exception] = field(default_factory=list)
    rollout_outcomes: list[RolloutOutcome | Exception] = field(default_factory=list)
    release_outcomes: list[RolloutOutcome | Exception] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    release_lines: list[AppLine] = field(default_factory=list)
    during_build: Callable[[BuildOrder, Callable[[], bool]], BuildOutcome | None] | None = None
    during_rollout: Callable[[RolloutOrder, Callable[[], bool]], RolloutOutcome | None] | None = None
    kill_at: str = ""
    kill_before: bool = True
    jobs: dict[tuple[str, int], BuildOrder] = field(default_factory=dict)
    started: list[BuildOrder] = field(default_factory=list)
    since: list[datetime | None] = field(default_factory=list)
    applied: dict[tuple[str, str], RolloutOrder] = field(default_factory=dict)
    prepared: list[RolloutOrder] = field(default_factory=list)
    led: list[tuple[str, str]] = field(default_factory=list)
    clubs: list[ClubSpec] = field(default_factory=list)
    # How often the cluster still finds a deleted club's namespace.
    namespaces_left: int = 0

    def builder(self) -> _Builder:
        return _Builder(self)

    def rollouts(self) -> _Rollouts:
        return _Rollouts(self)

    def call(self, name: str, effect: Callable[[], Any]) -> Any:
        dies = self.kill_at == name
        if dies:
            self.kill_at = ""
        if dies and self.kill_before:
            raise Killed(name)
        result = effect()
        if dies:
            raise Killed(name)
        return result


@dataclass
class _Builder:
    cluster: ScriptedCluster

    def start(self, order: BuildOrder) -> None:
        def effect() -> None:
            self.cluster.started.append(order)
            self.cluster.jobs.setdefault((order.build, order.attempt), order)

        self.cluster.call("builder.start", effect)

    def follow(
        self,
        order: BuildOrder,
        since: datetime | None,
        log: Callable[[LogLine], None],
        stop: Callable[[], bool],
    ) -> BuildOutcome:
        def effect() -> BuildOutcome:
            self.cluster.since.append(since)
            for line in self.cluster.lines:
                if since is None or line.at > since:
                    log(line)
            if self.cluster.during_build and (outcome := self.cluster.during_build(order, stop)):
                return outcome
            if self.cluster.build_outcomes:
                return _given(self.cluster.build_outcomes.pop(0))
            return BuildOutcome("succeeded", digest_of(order))

        return self.cluster.call("builder.follow", effect)

    def cancel(self, order: BuildOrder) -> None:
        self.cluster.call("builder.cancel", lambda: self.cluster.jobs.pop((order.build, order.attempt), None))

    def clean(self, order: BuildOrder) -> None:
        def effect() -> None:
            for key in [key for key in self.cluster.jobs if key[0] == order.build]:
                del self.cluster.jobs[key]

        self.cluster.call("builder.clean", effect)


@dataclass
class _Rollouts:
    cluster: ScriptedCluster

    def ensure_club(self, spec: ClubSpec) -> None:
        self.cluster.call("rollouts.ensure_club", lambda: self.cluster.clubs.append(spec))

    def prepare(
        self,
        order: RolloutOrder,
        since: datetime | None,
        log: Callable[[AppLine], None],
        progress: Callable[[str], None],
        stop: Callable[[], bool],
    ) -> RolloutOutcome:
        if order.release_command is None:
            return RolloutOutcome("prepared")

        def effect() -> RolloutOutcome:
            self.cluster.prepared.append(order)
            for line in self.cluster.release_lines:
                if since is None or line.at > since:
                    log(line)
            if self.cluster.release_outcomes:
                return _given(self.cluster.release_outcomes.pop(0))
            return RolloutOutcome("prepared")

        return self.cluster.call("rollouts.prepare", effect)

    def apply(self, order: RolloutOrder) -> None:
        def effect() -> None:
            there = self.cluster.applied.get((order.club, order.project))
            assert there is None or there.fence <= order.fence, "an older order came late"
            self.cluster.applied[order.club, order.project] = order

        self.cluster.call("rollouts.apply", effect)

    def lead(self, order: RolloutOrder) -> None:
        self.cluster.call("rollouts.lead", lambda: self.cluster.led.append((order.club, order.project)))

    def halt(self, order: RolloutOrder) -> None:
        def effect() -> None:
            there = self.cluster.applied.get((order.club, order.project))
            assert there is None or there.fence <= order.fence, "an older order came late"
            self.cluster.applied[order.club, order.project] = replace(order, replicas=0)

        self.cluster.call("rollouts.halt", effect)

    def follow(
        self, order: RolloutOrder, progress: Callable[[str], None], stop: Callable[[], bool]
    ) -> RolloutOutcome:
        def effect() -> RolloutOutcome:
            progress(Sentence("{ready} of {replicas} ready", ready=1, replicas=1))
            if self.cluster.during_rollout and (outcome := self.cluster.during_rollout(order, stop)):
                return outcome
            if self.cluster.rollout_outcomes:
                return _given(self.cluster.rollout_outcomes.pop(0))
            return RolloutOutcome("live")

        return self.cluster.call("rollouts.follow", effect)

    def remove_project(self, club: str, project: str) -> None:
        self.cluster.call("rollouts.remove_project", lambda: self.cluster.applied.pop((club, project), None))

    def remove_club(self, club: str) -> bool:
        left = self.cluster.namespaces_left
        self.cluster.namespaces_left = max(left - 1, 0)
        return left == 0

    def logs(
        self, club: str, project: str, follow: bool, tail: int, stop: Callable[[], bool]
    ) -> Iterator[Any]:
        raise NotImplementedError


def _given(outcome: Any) -> Any:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def at(seconds: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def run_out(model: type[Leased]) -> None:
    """Time passes: leases of dead workers run out, put-off work is due."""
    model._default_manager.exclude(lease_until=None).update(lease_until=Now() - timedelta(seconds=1))
    model._default_manager.exclude(retry_at=None).update(retry_at=Now() - timedelta(seconds=1))


def work(rounds: int = 60) -> None:
    """What workers and the sweep do, until nothing is left to do."""
    for _ in range(rounds):
        for model in (Build, Rollout, Halt):
            run_out(model)
        halting.halt()
        builds, rollouts = build_queue.startable(), rollout_queue.startable()
        halted = halts.startable()
        if not builds and not rollouts and not halted:
            return
        for build_id in builds:
            survive(building.run, build_id)
        for rollout_id in rollouts:
            survive(rolling.run, rollout_id)
        for halt_id in halted:
            survive(halt_running.run, halt_id)
    raise AssertionError("there is always something left to do")


def survive(call: Callable[[int], None], row_id: int) -> bool:
    """False if the worker was killed."""
    try:
        call(row_id)
    except Killed:
        return False
    return True


def live_number(project: Project) -> int | None:
    return Release.objects.filter(project=project, state="live").values_list("number", flat=True).first()


def trouble(error: type[DeployerError]) -> DeployerError:
    return error(WHY)

"""What happened to a project, newest first: its changes, what its address answered, and the interruptions
that moved its copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from portal.accounts.models import AuditEntry
from portal.builds.models import LogStream
from portal.fleet.models import InterruptedPod
from portal.probing.models import Transition
from portal.probing.words import explanation
from portal.projects.models import Project
from portal.translating import what_happened

# What leaves no log of its own.
_QUIET_ACTIONS = ("create_project", "set_deploy_branch", "set_config", "change_subdomain", "reveal_config")

_OF_THE_CLUB = ("suspend_club", "resume_club")


@dataclass(frozen=True)
class Change:
    """One deploy: a push, a rollback, a change of variables … `by` is a principal's name.

    `state` is the log's: open, succeeded, failed, cancelled or superseded. `seconds` is None while it is
    open. `what` says why it did not become live, in the active language.
    """

    at: datetime
    kind: str
    state: str
    by: str
    stream: int
    build: int | None
    commit: str
    release: int | None
    description: str
    what: str
    seconds: float | None


@dataclass(frozen=True)
class Move:
    """Copies of the project that left a machine which was taken away.

    `gap_seconds` is the longest time without an answer: 0 for none, None while it is not known.
    """

    at: datetime
    interruption: str
    node: str
    copies: int
    state: str
    gap_seconds: float | None


@dataclass(frozen=True)
class Deed:
    """Something that was done to the project, or to its club as a whole, without a deploy; as the audit log
    tells it."""

    at: datetime
    action: str
    by: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The address began to answer, or ceased to: then `what` says why, in the active language."""

    at: datetime
    ok: bool
    what: str


Happening = Change | Move | Deed | Answer


def happened(project: Project, limit: int = 30, *, quiet: bool = True) -> list[Happening]:
    """The newest of all kinds; without `quiet` only what may have changed what visitors see."""
    found: list[Happening] = [*changes(project, limit), *moves(project, limit), *answers(project, limit)]
    if quiet:
        found += deeds(project, limit)
    return sorted(found, key=lambda each: each.at, reverse=True)[:limit]


def changes(project: Project, limit: int) -> list[Change]:
    """The newest deploys, newest first."""
    rows = (
        LogStream.objects.filter(project=project)
        .select_related("build", "rollout__release__build")
        .order_by("-id")[:limit]
    )
    return [_change(row) for row in rows]


def moves(project: Project, limit: int) -> list[Move]:
    """One for each interruption that touched the project, newest first."""
    pods = (
        InterruptedPod.objects.filter(club=project.club.slug, project=project.slug)
        .filter(interruption__noticed_at__gte=project.created_at)
        .select_related("interruption")
        .order_by("-interruption__noticed_at", "-interruption_id")[: limit * 4]
    )
    by_interruption: dict[str, list[InterruptedPod]] = {}
    for pod in pods:
        by_interruption.setdefault(pod.interruption_id, []).append(pod)
    return [_move(found) for found in list(by_interruption.values())[:limit]]


def answers(project: Project, limit: int) -> list[Answer]:
    """When the address began to answer and ceased to, newest first."""
    rows = Transition.objects.filter(project=project).order_by("-id")[:limit]
    return [
        Answer(row.at, row.ok, "" if row.ok else explanation(row.reason, row.detail).what) for row in rows
    ]


def deeds(project: Project, limit: int) -> list[Deed]:
    entries = AuditEntry.objects.filter(
        Q(project=project.slug, action__in=_QUIET_ACTIONS) | Q(project="", action__in=_OF_THE_CLUB),
        club=project.club.slug,
        at__gte=project.created_at,
    )
    streams = set(
        LogStream.objects.filter(project=project, kind__in=["config", "address"]).values_list(
            "created_at", flat=True
        )
    )
    return [
        Deed(entry.at, entry.action, entry.actor, entry.detail)
        for entry in entries.order_by("-id")[:limit]
        if not _has_a_log(entry.at, streams)
    ]


def _has_a_log(at: datetime, streams: set[datetime]) -> bool:
    """Whether the deed's own transaction began a deploy, which is told already."""
    return any(0 <= (made - at).total_seconds() < 1 for made in streams)


def _change(stream: LogStream) -> Change:
    rollout = getattr(stream, "rollout", None)
    build = getattr(stream, "build", None) or (rollout.release.build if rollout else None)
    release = rollout.release if rollout else None
    return Change(
        at=stream.created_at,
        kind=stream.kind,
        state=stream.state,
        by=build.pushed_by if release is None and build else release.created_by if release else "",
        stream=stream.pk,
        build=build.pk if build else None,
        commit=build.commit if build else "",
        release=release.number if release else None,
        description=release.description if release else "",
        what=what_happened(stream.explanation),
        seconds=(stream.ended_at - stream.created_at).total_seconds() if stream.ended_at else None,
    )


def _move(pods: list[InterruptedPod]) -> Move:
    interruption = pods[0].interruption
    gaps = [pod.gap_seconds for pod in pods]
    known = [gap for gap in gaps if gap is not None]
    return Move(
        at=interruption.noticed_at,
        interruption=interruption.pk,
        node=interruption.node,
        copies=len(pods),
        state=interruption.state,
        gap_seconds=max(known) if len(known) == len(gaps) else None,
    )

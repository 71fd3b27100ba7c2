"""Clubs to look at: people, deploys of some days, keys, requests."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from portal.accounts.actions import create_key, revoke_key
from portal.accounts.models import AccessKey, User
from portal.accounts.principal import Principal, person
from portal.builds.models import Build, BuildState, LogStream, StreamKind, StreamState
from portal.clubs.actions import create_club
from portal.clubs.asking import approve_budget_request, ask_for_budget, decline_budget_request
from portal.clubs.budget import Share
from portal.clubs.models import Club, Membership
from portal.probing.models import Probe
from portal.projects.actions import create_project
from portal.projects.models import Project
from portal.releases.models import Release, ReleaseState, Rollout, RolloutState

from deployer.build import BuildPlan
from tests.integration.portal.scene import BY

GIB = 1 << 30
_PEOPLE = (
    ("jun", "박준", "maintainer"),
    ("alexandra", "Alexandra Montgomery-Featherstonehaugh", "member"),
    ("do-yun", "", "member"),
)


@dataclass(frozen=True)
class Clubs:
    """`empty` has no project, `full` has twelve, of which two failed; `owner` and `member` belong to both."""

    empty: Club
    full: Club
    owner: User
    member: User


def clubs() -> Clubs:
    empty = create_club(by=BY, slug="photo", name="사진부")
    full = create_club(by=BY, slug="robots", name="서울과학고등학교 로봇공학 및 인공지능 연구 동아리")
    owner, member = _person("mina", "김민아"), _person("seoyeon", "이서연")
    for club in (empty, full):
        Membership.objects.create(club=club, user=owner, role="owner")
        Membership.objects.create(club=club, user=member, role="member")
    members(full)
    for number in range(12):
        project = create_project(by=BY, club=full, slug=f"site-{number:02}")
        if number < 8:
            deploys(project, good=number % 4, ends_well=number % 4 > 0)
    return Clubs(empty, full, owner, member)


def _person(username: str, name: str) -> User:
    return User.objects.create(username=username, first_name=name, email=f"{username}@school.example")


def members(club: Club) -> None:
    for username, name, role in _PEOPLE:
        Membership.objects.create(club=club, user=_person(username, name), role=role)


def owner_of(club: Club) -> Principal:
    owner = Membership.objects.select_related("user").filter(club=club, role="owner").earliest("id")
    return person(owner.user.username, club=club.slug, role="owner").at("203.0.113.7")


def decided_requests(club: Club) -> None:
    """One declined, one approved."""
    by = owner_of(club)
    declined = ask_for_budget(by=by, club=club, budget=Share(640 * GIB, 640_000, 2000), why="크게 한번!")
    decline_budget_request(
        by=BY, request_id=declined.pk, answer="클러스터가 가득 차 있어요. 5월에 다시 요청해 주세요."
    )
    approved = ask_for_budget(by=by, club=club, budget=Share(80 * GIB, 80_000, 300), why="A game server.")
    approve_budget_request(by=BY, request_id=approved.pk)


def some_keys(club: Club) -> None:
    """One in use, one that expires soon, one revoked."""
    by, soon = owner_of(club), timezone.now() + timedelta(days=3)
    used, _ = create_key(by=by, club=club, name="민지 노트북", scopes=["deploy"])
    AccessKey.objects.filter(pk=used.pk).update(last_used_at=timezone.now() - timedelta(hours=2))
    create_key(by=by, club=club, name="CI of the main repository", scopes=["manage"], expires_at=soon)
    lost, _ = create_key(by=by, club=club, name="잃어버린 노트북", scopes=["read"])
    revoke_key(by=by, club=club, key_id=lost.id)


def deploys(project: Project, *, good: int, ends_well: bool) -> None:
    """Deploys of the last days as the rows that they leave; the last one may have failed."""
    now = timezone.now()
    plan = BuildPlan(language="python", port=8080).to_dict()
    for place in range(good):
        ended = now - timedelta(hours=5 * (good - place))
        stream = _stream(project, StreamState.SUCCEEDED, ended, 30 + 17 * (place % 5))
        build = _build(project, stream, plan, BuildState.SUCCEEDED, ended)
        live = place == good - 1
        release = Release.objects.create(
            project=project,
            number=place + 1,
            build=build,
            digest=build.digest,
            encrypted_config=b"",
            port=8080,
            replicas=1,
            memory_bytes=256 << 20,
            cpu_millicores=250,
            created_by="person:mina",
            description=f"commit {build.commit[:7]} of main",
            state=ReleaseState.LIVE if live else ReleaseState.RETIRED,
            went_live_at=ended,
        )
        Rollout.objects.create(
            project=project, release=release, stream=stream, state=RolloutState.SUCCEEDED, finished_at=ended
        )
    Project.objects.filter(pk=project.pk).update(release_count=good)
    if good:
        # The pictures are of a platform whose prober runs, however long they take.
        soon = now + timedelta(hours=1)
        Probe.objects.create(project=project, ok=True, asked_at=soon, since=now, next_at=soon)
    if not ends_well:
        stream = _stream(project, StreamState.FAILED, now, 12)
        _build(project, stream, plan, BuildState.FAILED, now)


def _stream(project: Project, state: str, ended: datetime, seconds: int) -> LogStream:
    stream = LogStream.objects.create(project=project, kind=StreamKind.PUSH, state=state, ended_at=ended)
    LogStream.objects.filter(pk=stream.pk).update(created_at=ended - timedelta(seconds=seconds))
    return stream


def _build(project: Project, stream: LogStream, plan: dict[str, Any], state: str, ended: datetime) -> Build:
    why = {
        "reason": "exit-code",
        "what": "Your build failed: npm run build ended with exit code 1.",
        "evidence": "Error: Cannot find module './lunch'",
        "next": "Run npm run build at home; the file may be missing in git.",
    }
    return Build.objects.create(
        project=project,
        stream=stream,
        commit=secrets.token_hex(20),
        branch="main",
        pushed_by="person:mina",
        plan=plan,
        archive_path="",
        archive_bytes=0,
        archive_sha256="",
        state=state,
        digest="sha256:" + "0" * 64 if state == BuildState.SUCCEEDED else "",
        explanation=why if state == BuildState.FAILED else None,
        finished_at=ended,
        cleaned_at=ended,
    )

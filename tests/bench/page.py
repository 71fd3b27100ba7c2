"""`make bench-page`: a club's first page with 1000 projects and 5000 releases in the database.

The page, and a view behind the same doors that says nothing, are asked in turn through all of Django. The
page's time is compared with what its own queries took plus what the empty view takes without its queries.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.integration.conftest import FOLDER, REDIS_PORT
from tests.integration.postgres import running_postgres
from tests.integration.redis_server import running_redis
from tests.proof import Proof

if TYPE_CHECKING:
    from django.test import Client

PROJECTS, RELEASES_EACH = 1000, 5
# The clubs that are looked at; the other projects are of clubs of fifty.
LOOKED_AT = {"one": 1, "fifty": 50, "five-hundred": 500}
REQUESTS, WARM = 150, 20
GOAL = 3.0


@dataclass
class Times:
    """Of each request: seconds in all, seconds in queries, and how many those were."""

    whole: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)


def main() -> int:
    proof = Proof("bench-page")
    with ExitStack() as stack:
        stack.enter_context(running_postgres(FOLDER))
        stack.enter_context(running_redis(REDIS_PORT))
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        client = _filled()
        for slug in LOOKED_AT:
            page, empty = _measured(client, slug)
            _judge(proof, slug, page, empty)
        _judge_queries(proof, client)
    return 0 if proof.finish() else 1


def _filled() -> Client:
    """The rows, and a browser of somebody who owns the clubs that are looked at."""
    from django.db import connection
    from django.test import Client
    from portal.accounts.models import AuditEntry, User
    from portal.clubs.models import Club, Membership

    owner = User.objects.create(username="owner", email="owner@school.example")
    sizes = dict(LOOKED_AT)
    rest = PROJECTS - sum(sizes.values())
    sizes |= {f"other-{at}": min(50, rest - at) for at in range(0, rest, 50)}
    for slug, size in sizes.items():
        club = Club.objects.create(slug=slug, name=f"Club {slug}", max_projects=size)
        people = User.objects.bulk_create(User(username=f"{slug}-{number}") for number in range(20))
        Membership.objects.create(club=club, user=owner, role="owner")
        Membership.objects.bulk_create(Membership(club=club, user=user) for user in people)
        AuditEntry.objects.bulk_create(
            AuditEntry(actor=f"person:{user.username}", action="push", club=slug, project="p-1")
            for user in people
        )
        _projects(club, size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(headers={"host": "madang.localhost"})
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _projects(club: Any, size: int) -> None:
    """Each with five releases, the last one live; of every tenth the newest build failed."""
    from django.utils import timezone
    from portal.builds.models import Build, LogStream
    from portal.probing.models import Probe
    from portal.projects.models import Project
    from portal.releases.models import Release, Rollout

    from deployer.build import BuildPlan

    now, plan = timezone.now(), BuildPlan(language="python", port=8080).to_dict()
    why = {"reason": "exit-code", "what": "Your build failed.", "evidence": "x" * 800, "next": "Mend it."}
    projects = Project.objects.bulk_create(
        Project(club=club, slug=f"p-{number}", subdomain=f"{club.slug}-{number}", release_count=RELEASES_EACH)
        for number in range(size)
    )
    changes = [(project, number) for project in projects for number in range(1, RELEASES_EACH + 1)]
    failed = [(project, 0) for project in projects[::10]]
    streams = LogStream.objects.bulk_create(
        LogStream(
            project=project,
            kind="push",
            state="succeeded" if number else "failed",
            ended_at=now + timedelta(seconds=40),
        )
        for project, number in [*changes, *failed]
    )
    builds = Build.objects.bulk_create(
        Build(
            project=project,
            stream=stream,
            commit=secrets.token_hex(20),
            branch="main",
            pushed_by="person:owner",
            plan=plan,
            archive_bytes=0,
            state="succeeded" if number else "failed",
            explanation=None if number else why,
            finished_at=now,
            cleaned_at=now,
        )
        for (project, number), stream in zip([*changes, *failed], streams, strict=True)
    )
    releases = Release.objects.bulk_create(
        Release(
            project=project,
            number=number,
            build=build,
            encrypted_config=b"x" * 2000,
            port=8080,
            replicas=1,
            memory_bytes=1 << 20,
            cpu_millicores=1,
            created_by="person:owner",
            description="commit 1234567 of main",
            state="live" if number == RELEASES_EACH else "retired",
            went_live_at=now - timedelta(hours=1),
        )
        for (project, number), build in zip(changes, builds, strict=False)
    )
    Probe.objects.bulk_create(
        Probe(project=project, ok=True, asked_at=now + timedelta(hours=1), since=now, next_at=now)
        for project in projects
    )
    Rollout.objects.bulk_create(
        Rollout(project=release.project, release=release, stream=stream, state="succeeded", finished_at=now)
        for release, stream in zip(releases, streams, strict=False)
    )


def _measured(client: Client, slug: str) -> tuple[Times, Times]:
    """The page and the empty view in turn, so that both have the same machine."""
    page, empty = Times(), Times()
    for turn in range(WARM + REQUESTS):
        for path, times in ((f"/clubs/{slug}", page), (f"/clubs/{slug}/new/check", empty)):
            whole, sql, queries = _asked(client, path)
            if turn >= WARM:
                times.whole.append(whole)
                times.sql.append(sql)
                times.queries.add(queries)
    return page, empty


def _asked(client: Client, path: str) -> tuple[float, float, int]:
    with _clocked() as spent:
        began = time.perf_counter()
        answer = client.get(path)
        whole = time.perf_counter() - began
    assert answer.status_code == 200, answer.content[:500]
    return whole, sum(spent), len(spent)


@contextmanager
def _clocked() -> Iterator[list[float]]:
    """The seconds of each query meanwhile."""
    from django.db import connection

    spent: list[float] = []

    def clock(execute: Callable[..., Any], *given: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*given)
        finally:
            spent.append(time.perf_counter() - began)

    with connection.execute_wrapper(clock):
        yield spent


def _judge(proof: Proof, slug: str, page: Times, empty: Times) -> None:
    silent = [whole - sql for whole, sql in zip(empty.whole, empty.sql, strict=True)]
    whole, floor = p95(page.whole), p95([sql + idle for sql, idle in zip(page.sql, silent, strict=True)])
    parts = f"SQL {p95(page.sql) * 1000:.1f} ms, empty view {p95(silent) * 1000:.1f} ms"
    proof.add(
        f"a club of {LOOKED_AT[slug]}, p95 of the page",
        goal=f"≤ {GOAL:g}x of its SQL plus an empty view",
        value=whole / floor,
        unit="x",
        holds=whole <= GOAL * floor,
        evidence=f"{whole * 1000:.1f} ms beside {floor * 1000:.1f} ms ({parts}); {len(page.whole)} of each",
    )


def _judge_queries(proof: Proof, client: Client) -> None:
    counts = {slug: _asked(client, f"/clubs/{slug}")[2] for slug in LOOKED_AT}
    proof.add(
        "queries of the page",
        goal="the same for 1, 50 and 500 projects",
        value=max(counts.values()),
        unit="queries",
        holds=len(set(counts.values())) == 1,
        evidence=", ".join(f"{LOOKED_AT[slug]}: {count}" for slug, count in counts.items()),
    )


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


if __name__ == "__main__":
    sys.exit(main())

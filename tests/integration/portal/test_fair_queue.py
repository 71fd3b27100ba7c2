"""Builds of many clubs on the real database: whose turn it is, what holds the queue, and what is told."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from portal.accounts.models import AuditEntry
from portal.accounts.principal import Principal
from portal.builds import queue, selectors, steps
from portal.builds.models import Build, BuildState, QueuePause
from portal.builds.steering import jump, pause_queue, resume_queue
from portal.clubs.models import Club
from portal.leases.model import Lease
from portal.problems import Problem
from portal.projects.models import Project

from tests.integration.portal.scene import BY, WHY, key_for, push
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")
OWNER = Principal("key:owner", club="someone", project=None, scopes=frozenset({"manage"}))


def club_of(projects: int, builds: int = 2) -> list[Project]:
    """The projects of a club with room for all of them."""
    slug = f"c{secrets.token_hex(4)}"
    club = Club.objects.create(slug=slug, name=slug, memory_bytes=1 << 40, pods=1000, builds=builds)
    club.cpu_millicores = 1_000_000
    club.save()
    names = [f"p{number}" for number in range(projects)]
    return [Project.objects.create(club=club, slug=name, subdomain=f"{name}-{slug}") for name in names]


def end(build_id: int) -> None:
    build = Build.objects.get(pk=build_id)
    steps.end(Lease(build.pk, build.lease_owner, build.fence), BuildState.FAILED, WHY)


def start_next() -> int:
    """What every worker does; gives the build that was started."""
    started = [build_id for build_id in queue.startable() if queue.claim(build_id, "w")]
    assert len(started) == 1
    return started[0]


def test_twenty_pushes_of_one_club_do_not_hold_up_anothers_first() -> None:
    flood = [push(project) for project in club_of(20)]
    at_work = [build_id for build_id in queue.startable() if queue.claim(build_id, "w")]
    assert at_work == [build.pk for build in flood[:2]]
    first = push(club_of(1)[0])
    assert queue.startable() == []
    assert selectors.queue()[0] == first.stream_id
    end(at_work[0])
    assert start_next() == first.pk
    end(at_work[1])
    assert start_next() == flood[2].pk


def test_the_order_that_is_shown_is_the_order_in_which_workers_claim() -> None:
    for project in [*club_of(3), *club_of(2), *club_of(1)]:
        push(project)
    shown = selectors.queue()
    started = [build_id for build_id in queue.startable() if queue.claim(build_id, "w")]
    while Build.objects.filter(state=BuildState.QUEUED).exists():
        end(started[len(started) - 2])
        started.append(start_next())
    assert [Build.objects.get(pk=build_id).stream_id for build_id in started] == shown


def test_of_many_claims_at_once_only_those_whose_turn_it_is_get_a_build() -> None:
    builds = [push(project) for project in [*club_of(6), *club_of(1)]]
    calls: list[Callable[[], Lease | None]] = [
        lambda b=build: queue.claim(b.pk, "w")  # type: ignore[misc]
        for build in builds
        for _ in range(2)
    ]
    results = at_once(*calls)
    assert not [result for result in results if isinstance(result, BaseException)]
    running = set(Build.objects.filter(state=BuildState.RUNNING).values_list("pk", flat=True))
    assert running <= {builds[0].pk, builds[6].pk}
    for build in builds:
        queue.claim(build.pk, "w")
    assert set(Build.objects.filter(state=BuildState.RUNNING).values_list("pk", flat=True)) == {
        builds[0].pk,
        builds[6].pk,
    }


def test_a_clubs_own_limit_holds_under_many_claims() -> None:
    builds = [push(project) for project in club_of(4, builds=1)]
    at_once(*[lambda b=build: queue.claim(b.pk, "w") for build in builds])
    for build in builds:
        queue.claim(build.pk, "w")
    assert list(Build.objects.filter(state=BuildState.RUNNING)) == [builds[0]]
    places = selectors.waiting_with_reasons()
    assert [place.build for place in places] == [build.pk for build in builds[1:]]
    assert {place.what for place in places} == {"Your club has 1 build running already."}


def test_a_build_that_an_operator_lets_jump_is_next() -> None:
    builds = [push(project) for project in club_of(4, builds=1)]
    queue.claim(builds[0].pk, "w")
    jump(by=BY, build_id=builds[3].pk)
    assert start_next() == builds[3].pk
    entry = AuditEntry.objects.get(action="jump")
    assert (entry.actor, entry.detail) == (BY.name, {"build": builds[3].pk})


def test_a_paused_queue_starts_nothing_says_why_and_goes_on() -> None:
    running, build = push(club_of(1)[0]), push(club_of(1)[0])
    queue.claim(running.pk, "w")
    pause_queue(by=BY, why=" we move\n house ")
    assert queue.startable() == []
    assert queue.claim(build.pk, "w") is None
    (place,) = selectors.waiting_with_reasons()
    assert (place.position, place.what) == (1, "The queue is paused by an operator: we move house")
    end(running.pk)
    resume_queue(by=BY)
    assert start_next() == build.pk
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True))[-2:] == [
        "pause_queue",
        "resume_queue",
    ]


def test_a_pause_that_lasts_gets_the_new_words_and_there_is_one() -> None:
    at_once(*[lambda n=n: pause_queue(by=BY, why=f"reason {n}") for n in range(4)])
    pause_queue(by=BY, why="the last word")
    assert list(QueuePause.objects.values_list("why", "ended_at")) == [("the last word", None)]
    resume_queue(by=BY)
    resume_queue(by=BY)
    assert AuditEntry.objects.filter(action="resume_queue").count() == 1


@pytest.mark.parametrize("why", ["", "  ", "x" * 201])
def test_a_pause_without_words_is_refused(why: str) -> None:
    with pytest.raises(Problem, match="why the queue is paused"):
        pause_queue(by=BY, why=why)


def test_only_an_operator_steers_the_queue() -> None:
    build = push(club_of(1)[0])
    for act in (
        lambda: jump(by=OWNER, build_id=build.pk),
        lambda: pause_queue(by=OWNER, why="no"),
        lambda: resume_queue(by=OWNER),
    ):
        with pytest.raises(Problem) as refused:
            act()
        assert refused.value.status == 403


def test_what_does_not_wait_cannot_jump() -> None:
    build = push(club_of(1)[0])
    queue.claim(build.pk, "w")
    with pytest.raises(Problem, match="does not wait"):
        jump(by=BY, build_id=build.pk)
    with pytest.raises(Problem, match="There is no build"):
        jump(by=BY, build_id=build.pk + 1000)


def test_however_many_wait_the_queue_is_read_in_as_many_queries() -> None:
    counts = []
    for size in (2, 30):
        for project in club_of(size):
            push(project)
        with CaptureQueriesContext(connection) as looking:
            selectors.waiting_with_reasons()
        with CaptureQueriesContext(connection) as starting:
            queue.startable()
        counts.append((len(looking), len(starting)))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 5


def test_the_api_tells_the_place_and_the_reason_with_one_look_at_the_queue() -> None:
    projects = club_of(4)
    builds = [push(project) for project in projects]
    queue.claim(builds[0].pk, "w")
    queue.claim(builds[1].pk, "w")
    headers = {"authorization": f"Bearer {key_for(projects[3], 'read')}"}
    url = f"/api/v1/clubs/{projects[3].club.slug}/projects/p3/builds"
    found = Client().get(url, headers=headers).json()
    assert [(b["queue_position"], b["queue_reason"], b["queue_what"]) for b in found] == [
        (2, "club-full", "Your club has 2 builds running already.")
    ]
    queue_queries = []
    for size in (0, 5):
        for _ in range(size):
            push(projects[3])
        with CaptureQueriesContext(connection) as asked:
            Client().get(url, headers=headers)
        queue_queries.append(len(asked))
    assert queue_queries[0] == queue_queries[1]

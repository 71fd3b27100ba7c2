"""One club's slow apps leave workers to the others: so many of its rollouts are worked on at one time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from portal.builds import running as building
from portal.builds.following import Heartbeat, follow
from portal.clubs.suspending import resume_club, suspend_club
from portal.leases.holding import hand_back
from portal.leases.model import Lease
from portal.projects.actions import delete_project
from portal.projects.facts import standing_of
from portal.projects.models import Project
from portal.releases import halting, halts, queue, steps
from portal.releases.actions import rollback
from portal.releases.models import Halt, Rollout
from portal.releases.running import run

from deployer.rollout import RolloutOrder, RolloutOutcome
from tests.integration.portal.scene import (
    BY,
    WHY,
    ScriptedCluster,
    key_for,
    live_number,
    push,
    run_out,
    work,
)
from tests.integration.portal.test_claims import at_once
from tests.integration.portal.test_fair_queue import club_of
from tests.integration.portal.test_portal_api import Api
from tests.integration.portal.visitors import visit

pytestmark = pytest.mark.usefixtures("cluster")


@pytest.fixture(autouse=True)
def two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update={"club_rollouts": 2}))


def built(project: Project) -> Rollout:
    """A push whose rollout waits."""
    build = push(project)
    while build.state in ("queued", "running"):
        building.run(build.pk)
        build.refresh_from_db()
    return Rollout.objects.get(stream_id=build.stream_id)


def taken(rollout: Rollout) -> Lease:
    lease = queue.claim(rollout.pk, "w")
    assert lease is not None
    return lease


def test_the_third_of_a_club_waits_and_another_clubs_first_does_not() -> None:
    mine = [built(project) for project in club_of(4)]
    leases = [taken(rollout) for rollout in mine[:2]]
    other = built(club_of(1)[0])
    assert queue.startable() == [other.pk]
    assert queue.claim(mine[2].pk, "w") is None
    taken(other)
    steps.go_live(leases[1], "http://there")
    assert queue.startable() == [mine[2].pk]
    assert queue.claim(mine[3].pk, "w") is None
    taken(mine[2])


def test_of_many_claims_at_once_a_club_gets_its_places_and_no_more() -> None:
    mine = [built(project) for project in club_of(5)]
    calls: list[Callable[[], Lease | None]] = [
        lambda r=rollout: queue.claim(r.pk, "w")  # type: ignore[misc]
        for rollout in mine
        for _ in range(2)
    ]
    results = at_once(*calls)
    assert not [result for result in results if isinstance(result, BaseException)]
    for rollout in mine:
        queue.claim(rollout.pk, "w")
    at_work = Rollout.objects.filter(state="running").order_by("id")
    assert list(at_work) == mine[:2]


def test_a_dead_workers_place_comes_free_with_its_lease_and_its_rollout_goes_on_first() -> None:
    mine = [built(project) for project in club_of(4)]
    taken(mine[0])
    taken(mine[1])
    run_out(Rollout)
    assert queue.startable() == [mine[0].pk, mine[1].pk]
    assert queue.claim(mine[2].pk, "w") is None
    again = taken(mine[0])
    assert hand_back(Rollout, again)
    taken(mine[1])
    taken(mine[0])
    assert queue.startable() == []


def test_what_is_put_off_leaves_its_place_to_the_next() -> None:
    mine = [built(project) for project in club_of(4)]
    retried, undone = taken(mine[0]), taken(mine[1])
    steps.retry(retried, WHY)
    steps.begin_undo(undone, WHY)
    assert queue.startable() == [mine[2].pk]
    steps.retry(undone, WHY)
    assert queue.startable() == [mine[2].pk, mine[3].pk]


def test_what_a_deleted_project_left_holds_no_place() -> None:
    mine = [built(project) for project in club_of(4)]
    for rollout in mine[:2]:
        taken(rollout)
        delete_project(by=BY, project=rollout.project)
    run_out(Rollout)
    assert queue.startable() == [mine[2].pk, mine[3].pk]
    taken(mine[2])
    taken(mine[3])


def test_a_rollback_takes_its_turn_when_the_rollout_that_it_replaces_gives_way() -> None:
    projects = club_of(3)
    for project in projects:
        built(project)
        built(project)
    work()
    slow = [built(project) for project in projects[:2]]
    leases = [taken(rollout) for rollout in slow]
    back = rollback(by=BY, project=projects[0], number=live_number(projects[0]))
    waiting = built(projects[2])
    # Its own project is still at work: it does not hold the place that the next could have.
    steps.give_way(leases[0])
    assert queue.startable() == [back.pk]
    assert queue.claim(waiting.pk, "w") is None
    steps.go_live(leases[1], "http://there")
    assert queue.startable() == [back.pk, waiting.pk]
    work()
    assert {Rollout.objects.get(pk=each.pk).state for each in (back, waiting)} == {"succeeded"}


def test_a_club_that_is_suspended_and_resumed_goes_on_without_more_than_its_places() -> None:
    projects = club_of(4)
    for project in projects:
        built(project)
    work()
    on_the_way = [built(project) for project in projects]
    leases = [taken(rollout) for rollout in on_the_way[:2]]
    suspend_club(by=BY, club=projects[0].club, why="spam")
    halting.halt()
    for lease in leases:
        steps.give_way(lease)
    assert len(halts.startable()) == 4  # to stop takes no place
    work()
    assert Halt.objects.exclude(stopped_at=None).count() == 4
    resume_club(by=BY, club=projects[0].club)
    returning = list(Halt.objects.order_by("id").values_list("id", flat=True))
    assert halts.startable() == returning[:2]
    claims = [halts.claim(halt_id, "w") for halt_id in returning]
    assert [claim is not None for claim in claims] == [True, True, False, False]
    run_out(Halt)
    work()
    assert not Halt.objects.exists()
    assert {standing_of(project).state for project in projects} <= {"live", "unchecked"}


def test_however_slow_its_apps_everything_of_a_club_comes_live(cluster: ScriptedCluster) -> None:
    projects = club_of(5)
    waiting = [built(project) for project in projects]
    most: list[int] = []

    def look(order: RolloutOrder, stop: object) -> RolloutOutcome | None:
        most.append(Rollout.objects.filter(state="running").count())
        # Somebody nudges the next meanwhile.
        if len(most) < 3:
            for rollout_id in queue.startable():
                run(rollout_id)
        return None

    cluster.during_rollout = look
    work()
    assert max(most) == 2
    assert {Rollout.objects.get(pk=rollout.pk).state for rollout in waiting} == {"succeeded"}


async def heartbeat_of(stream_id: int) -> Heartbeat:
    async with aclosing(follow(stream_id, 1000, heartbeat_seconds=0.2)) as events:
        async for event in events:
            if isinstance(event, Heartbeat) and event.wait is not None:
                return event
    raise AssertionError("it does not wait")


async def test_whoever_pushed_or_looks_reads_what_it_waits_for() -> None:
    projects = await sync_to_async(club_of)(4)
    rollouts = [await sync_to_async(built)(project) for project in projects]
    for rollout in rollouts[:2]:
        await sync_to_async(taken)(rollout)
    told = await heartbeat_of(rollouts[3].stream_id)
    assert told.why == "It waits for rollouts of your own club: 2 are under way. 1 more is before this one."
    with override("ko"):
        assert (
            told.why == "같은 동아리의 배포 2개가 진행 중이라 기다리고 있어요. 앞에 1개가 더 기다리고 있어요."
        )
    await sync_to_async(_read_on_the_pages)(projects[3])


def _read_on_the_pages(project: Project) -> None:
    with override("ko"):
        standing = standing_of(project)
    assert (standing.state, standing.reason) == ("deploying", "waiting")
    assert standing.sentence == "릴리스 1번이 차례를 기다리고 있어요."
    korean = "같은 동아리의 배포 2개가 진행 중이라 기다리고 있어요. 앞에 1개가 더 기다리고 있어요."
    assert standing.evidence == korean
    client = visit(project.club)
    for path in ("", "/releases/1"):
        page = client.get(
            f"/clubs/{project.club.slug}/{project.slug}{path}", headers={"Accept-Language": "ko"}
        )
        assert korean in page.content.decode(), path
    _, shown = Api(key_for(project, "read")).get(f"/clubs/{project.club.slug}/projects/{project.slug}")
    assert (shown["state"], shown["reason"]) == ("deploying", "waiting")


def test_however_many_wait_a_look_takes_as_many_queries() -> None:
    counts = []
    for size in (3, 12):
        for project in club_of(size):
            built(project)
        with CaptureQueriesContext(connection) as looking:
            queue.startable()
        counts.append(len(looking))
    assert counts == [4, 4]

"""Lines of builds and rollouts are let go after their time; what came of each change is told for ever."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from portal.builds.following import Batch, End, follow
from portal.builds.models import LogStream
from portal.builds.retention import forget
from portal.projects.models import Project
from portal.tasks import retention

from deployer.build import BuildOutcome
from tests.integration.portal.scene import WHY, ScriptedCluster, lines_of, push, some_project, work
from tests.integration.portal.visitors import visit

pytestmark = pytest.mark.usefixtures("cluster")
CROWDED = "The logs of this project are larger than 64 MiB together; the lines of older ones are not kept."
GONE = "This log ended more than 90 days ago; its lines are not kept any more."


def deployed(project: Project, days_ago: int) -> LogStream:
    build = push(project)
    work()
    ended = timezone.now() - timedelta(days=days_ago)
    LogStream.objects.filter(pk=build.stream_id).update(created_at=ended, ended_at=ended)
    return LogStream.objects.get(pk=build.stream_id)


def test_what_ended_long_ago_is_one_line_and_the_rest_stays(cluster: ScriptedCluster) -> None:
    project = some_project()
    cluster.build_outcomes = [BuildOutcome("failed", explanation=WHY)]
    failed, old, recent = (deployed(project, days) for days in (200, 91, 89))
    assert len(lines_of(recent.pk)) > 1
    assert forget() == 2
    assert lines_of(failed.pk) == lines_of(old.pk) == [GONE]
    assert len(lines_of(recent.pk)) == recent.last_sequence > 1
    failed.refresh_from_db()
    assert (failed.state, failed.explanation) == ("failed", WHY.to_row())
    assert forget() == 0


def test_the_newest_of_a_project_is_kept_however_old() -> None:
    project, other = some_project(), some_project()
    before, newest = deployed(project, 300), deployed(project, 200)
    alone = deployed(other, 300)
    retention()
    assert lines_of(before.pk) == [GONE]
    assert len(lines_of(newest.pk)) > 1
    assert len(lines_of(alone.pk)) > 1


def test_of_a_project_with_very_large_logs_the_older_ones_go_first() -> None:
    project, other = some_project(), some_project()
    streams = [deployed(project, days) for days in (4, 3, 2, 1)]
    apart = deployed(other, 5)
    assert [each.characters for each in streams] == [
        sum(len(line) for line in lines_of(each.pk)) for each in streams
    ]
    LogStream.objects.update(characters=30 << 20)
    assert forget() == 1
    assert lines_of(streams[0].pk) == [CROWDED]
    assert all(len(lines_of(each.pk)) > 1 for each in (*streams[1:], apart))
    assert forget() == 0


def test_what_is_under_way_is_kept() -> None:
    project = some_project()
    waits = push(project)
    LogStream.objects.filter(pk=waits.stream_id).update(created_at=timezone.now() - timedelta(days=300))
    push(some_project())
    before = lines_of(waits.stream_id)
    assert forget() == 0
    assert lines_of(waits.stream_id) == before


async def test_a_reader_of_a_log_that_was_let_go_comes_to_its_end() -> None:
    project = await sync_to_async(some_project)()
    old = await sync_to_async(deployed)(project, 91)
    await sync_to_async(deployed)(project, 1)
    assert await sync_to_async(forget)() == 1
    for after in (0, old.last_sequence):
        async with aclosing(follow(old.pk, after)) as events:
            seen = [event async for event in events]
        assert seen[-1] == End("succeeded", 0)
        told = [entry.text for event in seen if isinstance(event, Batch) for entry in event]
        assert told == ([GONE] if after == 0 else [])


def test_its_page_says_so() -> None:
    project = some_project()
    old = deployed(project, 91)
    deployed(project, 1)
    forget()
    page = visit(project.club).get(f"/clubs/{project.club.slug}/{project.slug}/builds/{old.build.pk}")
    assert page.status_code == 200
    assert GONE in page.content.decode()

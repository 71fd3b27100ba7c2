"""The registry collects its garbage only while no build is at work, and no build starts meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Now
from portal import cluster as the_cluster
from portal.builds import queue, quiet
from portal.builds.models import Build, BuildState, QuietTime
from portal.registry.collection import collect_garbage

from deployer.errors import DeployerError, Explanation, PermanentError, TemporaryError
from tests.integration.portal.scene import push, some_project
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")
WEEK, FIVE_MINUTES = timedelta(days=7), timedelta(minutes=5)
TROUBLE = Explanation("kubernetes-unreachable", "No answer.", "", "")


class Cluster:
    """Notes until when the registry was told that it is quiet."""

    def __init__(self) -> None:
        self.told: list[datetime] = []
        self.trouble: DeployerError | None = None

    def restart_registry(self, quiet_until: datetime) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.told.append(quiet_until)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setattr(the_cluster, "restart_registry", made.restart_registry)
    changed = settings.MADANG.model_copy(update={"registry_workload": "madang/registry"})
    monkeypatch.setattr(settings, "MADANG", changed)
    build = push(some_project())
    Build.objects.filter(pk=build.pk).update(
        state=BuildState.SUCCEEDED, created_at=Now() - Value(timedelta(days=8))
    )
    return made


def days_later(days: int) -> None:
    gone = Value(timedelta(days=days))
    QuietTime.objects.update(begun_at=F("begun_at") - gone, until=F("until") - gone)


def test_a_build_that_comes_in_a_quiet_time_waits_for_its_end(registry: Cluster) -> None:
    assert collect_garbage() is not None
    build = push(some_project())
    assert queue.startable() == []
    assert queue.claim(build.pk, "w") is None
    days_later(1)
    assert queue.startable() == [build.pk]
    assert queue.claim(build.pk, "w") is not None


@pytest.mark.parametrize("state", [BuildState.QUEUED, BuildState.RUNNING])
def test_while_builds_wait_or_run_there_is_no_quiet_time(registry: Cluster, state: BuildState) -> None:
    build = push(some_project())
    Build.objects.filter(pk=build.pk).update(state=state)
    assert collect_garbage() is None
    assert registry.told == []


def test_a_quiet_time_that_does_not_come_by_itself_is_made(registry: Cluster) -> None:
    """A club that always has something built would keep the space of deleted images from all others."""
    Build.objects.update(created_at=Now() - Value(timedelta(days=10)))
    running, waiting = push(some_project()), push(some_project())
    Build.objects.filter(pk=running.pk).update(state=BuildState.RUNNING)
    assert collect_garbage() is None
    assert queue.claim(waiting.pk, "w") is None
    assert collect_garbage() is None
    assert registry.told == []
    Build.objects.filter(pk=running.pk).update(state=BuildState.SUCCEEDED)
    assert registry.told == [collect_garbage()]
    assert queue.claim(waiting.pk, "w") is None
    days_later(1)
    assert queue.claim(waiting.pk, "w") is not None


def test_a_build_that_does_not_end_holds_up_the_others_once_a_day_at_most(registry: Cluster) -> None:
    Build.objects.update(created_at=Now() - Value(timedelta(days=10)))
    running, waiting = push(some_project()), push(some_project())
    Build.objects.filter(pk=running.pk).update(state=BuildState.RUNNING)
    assert collect_garbage() is None
    QuietTime.objects.update(until=Now())
    assert collect_garbage() is None
    assert queue.startable() == [waiting.pk]
    days_later(1)
    assert collect_garbage() is None
    assert queue.startable() == []


def test_the_registry_is_told_once_in_a_week_and_until_when(registry: Cluster) -> None:
    until = collect_garbage()
    assert registry.told == [until]
    days_later(6)
    assert collect_garbage() is None
    days_later(2)
    assert collect_garbage() is not None
    assert len(registry.told) == 2


def test_it_is_told_sooner_where_a_club_waits_for_the_space(registry: Cluster) -> None:
    assert collect_garbage() is not None
    days_later(2)
    assert collect_garbage() is None
    refused = push(some_project())
    Build.objects.filter(pk=refused.pk).update(
        state=BuildState.FAILED, finished_at=Now(), explanation={"reason": "club-images-full"}
    )
    assert collect_garbage() is not None
    assert collect_garbage() is None
    assert len(registry.told) == 2


def test_a_new_installation_has_its_first_quiet_time_after_a_week(registry: Cluster) -> None:
    Build.objects.update(created_at=Now() - Value(timedelta(days=6)))
    assert collect_garbage() is None
    Build.objects.update(created_at=Now() - Value(timedelta(days=8)))
    assert collect_garbage() is not None


def test_of_a_claim_and_a_quiet_time_at_once_one_gives_way(registry: Cluster) -> None:
    for _ in range(5):
        QuietTime.objects.all().delete()
        build = push(some_project())
        # Queued builds alone put a quiet time off: here it comes between the push's look and the claim.
        Build.objects.filter(pk=build.pk).update(state=BuildState.SUCCEEDED)

        def requeue_and_claim(pk: int = build.pk) -> object:
            Build.objects.filter(pk=pk).update(state=BuildState.QUEUED)
            return queue.claim(pk, "w")

        results = at_once(requeue_and_claim, lambda: quiet.begin(FIVE_MINUTES, WEEK))
        assert not any(isinstance(result, BaseException) for result in results)
        assert None in results
        Build.objects.filter(pk=build.pk).update(state=BuildState.SUCCEEDED)


def test_builds_go_on_at_once_when_the_cluster_refuses(registry: Cluster) -> None:
    registry.trouble = PermanentError(TROUBLE)
    assert collect_garbage() is None
    assert not QuietTime.objects.exists()


def test_builds_wait_when_the_cluster_may_have_heard_and_it_is_tried_again_after(registry: Cluster) -> None:
    registry.trouble = TemporaryError(TROUBLE)
    assert collect_garbage() is not None
    build = push(some_project())
    assert queue.claim(build.pk, "w") is None
    Build.objects.filter(pk=build.pk).update(state=BuildState.SUCCEEDED)
    registry.trouble = None
    assert collect_garbage() is None
    days_later(1)
    assert collect_garbage() is not None


def test_a_registry_that_is_not_ours_is_left_alone(
    registry: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = settings.MADANG.model_copy(update={"registry_workload": ""})
    monkeypatch.setattr(settings, "MADANG", changed)
    assert collect_garbage() is None
    assert not QuietTime.objects.exists()

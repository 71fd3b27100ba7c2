"""One row, one worker: claims, leases, fences."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from django.db import connection
from portal.builds import log, queue, steps
from portal.builds.models import Build, BuildState
from portal.leases.holding import hand_back, renew
from portal.leases.model import Lease, LeaseLost
from portal.releases import queue as rollout_queue
from portal.releases import steps as rollout_steps
from portal.releases.models import Release, Rollout

from deployer.sentence import Sentence
from tests.integration.portal.scene import WHY, at, live_number, push, run_out, some_project

T = TypeVar("T")
pytestmark = pytest.mark.usefixtures("clean")


def at_once(*calls: Callable[[], T]) -> list[T | BaseException]:
    """Runs the calls in threads that begin together."""
    barrier = threading.Barrier(len(calls))
    results: list[T | BaseException] = [AssertionError("not run")] * len(calls)

    def run(index: int, call: Callable[[], T]) -> None:
        try:
            barrier.wait()
            results[index] = call()
        except BaseException as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def claim(build: Build, owner: str = "me") -> Lease:
    lease = queue.claim(build.pk, owner)
    assert lease is not None
    return lease


def test_of_many_claimers_one_gets_the_build() -> None:
    build = push(some_project())
    results = at_once(*[lambda n=n: queue.claim(build.pk, f"worker-{n}") for n in range(8)])
    leases = [result for result in results if isinstance(result, Lease)]
    assert len(leases) == 1
    assert results.count(None) == 7
    build.refresh_from_db()
    assert (build.state, build.lease_owner, build.fence) == ("running", leases[0].owner, 1)


def test_of_many_claimers_one_gets_a_dead_workers_build() -> None:
    build = push(some_project())
    claim(build, "dead")
    run_out(Build)
    results = at_once(*[lambda n=n: queue.claim(build.pk, f"worker-{n}") for n in range(6)])
    assert len([result for result in results if isinstance(result, Lease)]) == 1
    build.refresh_from_db()
    assert (build.fence, build.takeovers) == (2, 1)


def test_no_more_builds_run_at_once_than_the_operator_allows() -> None:
    builds = [push(some_project()) for _ in range(5)]
    at_once(*[lambda b=b: queue.claim(b.pk, "w") for b in builds for _ in range(2)])
    running = Build.objects.filter(state="running").values_list("pk", flat=True)
    assert set(running) <= {build.pk for build in builds[:2]}
    for build in builds:
        queue.claim(build.pk, "w")
    assert Build.objects.filter(state="running").count() == 2


def test_builds_start_in_the_order_of_their_pushes() -> None:
    first, second = push(some_project()), push(some_project())
    assert queue.claim(second.pk, "w") is None
    claim(first)
    claim(second)


def test_a_project_builds_one_commit_at_a_time_and_does_not_hold_up_the_others() -> None:
    project = some_project()
    first = push(project)
    claim(first)
    second, other = push(project), push(some_project())
    assert queue.claim(second.pk, "w") is None
    claim(other)


def test_a_living_workers_build_is_not_taken() -> None:
    build = push(some_project())
    claim(build)
    assert queue.claim(build.pk, "another") is None


def test_a_late_worker_cannot_write_anything() -> None:
    build = push(some_project())
    late = claim(build, "late")
    run_out(Build)
    newer = claim(build, "newer")
    for write in (
        lambda: renew(Build, late),
        lambda: steps.begin(late),
        lambda: steps.write_lines(late, [log.Line("build", "late", at(0))]),
        lambda: steps.succeed(late, "sha256:late"),
        lambda: steps.end(late, BuildState.FAILED, WHY),
        lambda: steps.retry(late, WHY, machine_lost=True),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert not hand_back(Build, late)
    assert renew(Build, newer) == ""
    build.refresh_from_db()
    assert (build.state, build.attempt, Release.objects.count()) == ("running", 1, 0)


def test_a_worker_that_wakes_up_after_the_end_changes_nothing() -> None:
    build = push(some_project())
    late = claim(build, "late")
    run_out(Build)
    steps.succeed(claim(build, "newer"), "sha256:good")
    with pytest.raises(LeaseLost):
        steps.succeed(late, "sha256:late")
    assert [release.digest for release in Release.objects.all()] == ["sha256:good"]


def test_work_that_was_handed_back_is_taken_at_once_and_is_no_ones_death() -> None:
    build = push(some_project())
    assert hand_back(Build, claim(build, "leaving"))
    claim(build, "next")
    build.refresh_from_db()
    assert build.takeovers == 0


def rollout_of(build: Build) -> Rollout:
    steps.succeed(claim(build), f"sha256:{build.pk:064x}")
    return Rollout.objects.get(release__build=build)


def test_of_many_claimers_one_gets_the_rollout() -> None:
    rollout = rollout_of(push(some_project()))
    results = at_once(*[lambda n=n: rollout_queue.claim(rollout.pk, f"w-{n}") for n in range(8)])
    assert len([result for result in results if isinstance(result, Lease)]) == 1


def test_every_claim_of_a_projects_rollouts_has_a_larger_fence() -> None:
    project = some_project()
    fences = []
    for _ in range(3):
        rollout = rollout_of(push(project))
        lease = rollout_queue.claim(rollout.pk, "w")
        assert lease is not None
        fences.append(lease.fence)
        run_out(Rollout)
        again = rollout_queue.claim(rollout.pk, "x")
        assert again is not None
        fences.append(again.fence)
        rollout_steps.go_live(again, "http://there")
    assert fences == sorted(set(fences))


def test_a_late_worker_cannot_make_its_release_live() -> None:
    project = some_project()
    rollout = rollout_of(push(project))
    late = rollout_queue.claim(rollout.pk, "late")
    run_out(Rollout)
    newer = rollout_queue.claim(rollout.pk, "newer")
    assert late is not None
    assert newer is not None
    for write in (
        lambda: rollout_steps.tell(late, Sentence("late")),
        lambda: rollout_steps.go_live(late, "http://late"),
        lambda: rollout_steps.begin_undo(late, WHY),
        lambda: rollout_steps.retry(late, WHY),
        lambda: rollout_steps.give_way(late),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert live_number(project) is None
    rollout_steps.go_live(newer, "http://newer")
    assert live_number(project) == 1


def test_an_older_rollout_is_superseded_when_a_newer_one_waits() -> None:
    project = some_project()
    older = rollout_of(push(project))
    newer = rollout_of(push(project))
    older.refresh_from_db()
    assert older.state == "superseded"
    assert older.stream.state == "superseded"
    assert older.release.state == "retired"
    assert rollout_queue.claim(older.pk, "w") is None
    assert rollout_queue.claim(newer.pk, "w") is not None


def test_a_rollout_at_work_is_asked_to_stop_and_the_newer_waits_for_it() -> None:
    project = some_project()
    older = rollout_of(push(project))
    lease = rollout_queue.claim(older.pk, "w")
    assert lease is not None
    newer = rollout_of(push(project))
    assert renew(Rollout, lease) == "superseded"
    assert rollout_queue.claim(newer.pk, "w") is None
    rollout_steps.give_way(lease)
    assert rollout_queue.claim(newer.pk, "w") is not None


def test_release_numbers_never_go_back_or_repeat_under_many_hands() -> None:
    from portal.projects.actions import set_config
    from portal.releases.actions import rollback

    from tests.integration.portal.scene import BY

    project = some_project()
    lease = rollout_queue.claim(rollout_of(push(project)).pk, "w")
    assert lease is not None
    rollout_steps.go_live(lease, "http://there")
    results = at_once(
        *[lambda n=n: set_config(by=BY, project=project, set={"N": str(n)}) for n in range(4)],
        *[lambda: rollback(by=BY, project=project, number=1) for _ in range(3)],
    )
    assert not [result for result in results if isinstance(result, BaseException)]
    numbers = sorted(Release.objects.filter(project=project).values_list("number", flat=True))
    assert numbers == list(range(1, 9))
    waiting = Rollout.objects.filter(project=project, state="queued")
    assert [rollout.release.number for rollout in waiting] == [8]

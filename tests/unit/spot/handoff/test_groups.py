"""What a Deployment has and wants while its pods are handed off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from spot import names
from spot.handoff.group import Group
from tests.unit.spot.handoff.objects import NOW, SECOND, around, deployment, group, pod, replicaset, service

OLD = pod("old", detached=True)
NEW = pod("new", "spare")


def test_a_sole_replica_may_go_once_its_replacement_serves() -> None:
    assert not group(deployment(), [OLD]).may_go("u-old")
    assert group(deployment(), [OLD, NEW]).may_go("u-old")


def test_a_replacement_serves_when_it_is_ready_long_enough_and_listed() -> None:
    assert not group(deployment(), [OLD, pod("new", "spare", ready_for=None)]).whole
    assert not group(deployment(), [OLD, pod("new", "spare", ready_for=0.5)]).whole
    assert not group(deployment(), [OLD, NEW], listed={"u-old"}).whole
    assert group(deployment(), [OLD, NEW]).whole


def test_of_three_on_one_node_each_may_go_for_each_that_serves_elsewhere() -> None:
    olds = [pod(f"old-{number}", detached=True) for number in range(3)]
    for count in range(4):
        news = [pod(f"new-{number}", "spare") for number in range(count)]
        found = group(deployment(3), olds + news)
        assert [found.may_go(f"u-old-{number}") for number in range(3)] == [
            number < count for number in range(3)
        ]


def test_those_whose_node_goes_first_go_first() -> None:
    olds = [pod("a", "later", detached=True), pod("b", "sooner", detached=True)]
    ends = {"later": NOW + 60 * SECOND, "sooner": NOW + 30 * SECOND}
    found = group(deployment(2), [*olds, NEW], fenced=ends)
    assert found.may_go("u-b") and not found.may_go("u-a")


def test_what_is_unserved_or_going_or_unready_serves_no_more() -> None:
    others = [
        pod("unserved", detached=True, unserved=True),
        pod("going", detached=True, going=True),
        pod("unready", detached=True, ready_for=None),
    ]
    found = group(deployment(2), [OLD, *others, NEW])
    assert found.serving == ("u-old",)
    assert not found.may_go("u-old")


def test_pods_of_a_rolling_update_count_whatever_their_release() -> None:
    newer = pod("newer", "spare", hashed="def", owner=("ReplicaSet", "blog-def"))
    assert group(deployment(), [OLD, newer]).may_go("u-old")


def test_one_that_a_newer_release_is_about_to_end_takes_nobodys_place() -> None:
    """The newer one's pod is ready, and nobody is sent to it yet."""
    newer = pod("newer", "spare", hashed="def", owner=("ReplicaSet", "blog-def"), ready_for=0.5)
    both = [replicaset(replicas=1), replicaset(name="blog-def", replicas=1)]
    assert group(deployment(), [OLD, NEW, newer], sets=both, listed={"u-old", "u-new"}).whole
    over = [replicaset(replicas=0), replicaset(name="blog-def", replicas=1)]
    found = group(deployment(), [OLD, NEW, newer], sets=over, listed={"u-old", "u-new"})
    assert not found.whole and not found.may_go("u-old")


def test_of_those_that_a_replicaset_has_too_many_of_the_longest_ready_stay() -> None:
    newest = pod("newest", "spare", ready_for=5)
    unready = pod("unready", "spare", ready_for=None)
    found = group(deployment(2), [OLD, newest, unready, NEW], sets=[replicaset(replicas=1)])
    assert [each.name for each in found.replacements] == ["new"]


def test_a_release_on_trial_takes_nobodys_place_whose_service_keeps_to_the_one_before() -> None:
    kept, old = service(app="blog", release="1"), pod("old", detached=True, labels={"release": "1"})
    trial = pod("trial", "spare", hashed="def", labels={"release": "2"})
    again = pod("again", "spare", labels={"release": "1"})
    listed = {"u-old", "u-again"}
    assert not group(deployment(), [old, trial], around(kept), listed=listed).may_go("u-old")
    assert group(deployment(), [old, trial, again], around(kept), listed=listed).may_go("u-old")


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_nor_does_it_let_that_one_go_when_both_leave_one_node(order: tuple[str, str]) -> None:
    serves, trial = order
    kept = service(app="blog", release="1")
    olds = [
        pod(serves, detached=True, labels={"release": "1"}),
        pod(trial, detached=True, labels={"release": "2"}),
    ]
    found = group(deployment(), olds, around(kept), listed={f"u-{serves}"})
    assert found.may_go(f"u-{trial}") and not found.may_go(f"u-{serves}")
    again = pod("again", "spare", labels={"release": "1"})
    assert group(deployment(), [*olds, again], around(kept), listed={f"u-{serves}", "u-again"}).may_go(
        f"u-{serves}"
    )


KEPT = service(app="blog", release="1")
TRIAL = pod("trial", "spare", labels={"release": "2"})


def of_trial(*its: dict[str, Any], listed: set[str]) -> Group:
    """While release 2 is on trial: it is the Deployment's template, and its Service keeps to release 1."""
    held = deployment(minReadySeconds=2**31 - 2)
    held["spec"]["template"]["metadata"]["labels"]["release"] = "2"
    return group(held, list(its), around(KEPT, of=held), listed=listed)


def test_one_on_trial_takes_no_place_of_one_that_is_unready_for_a_moment() -> None:
    old = pod("old", detached=True, ready_for=None, labels={"release": "1"})
    assert not of_trial(old, TRIAL, listed=set()).whole


def test_a_trial_hides_no_gap() -> None:
    again = pod("again", "spare", ready_for=None, labels={"release": "1"})
    found = of_trial(TRIAL, again, listed=set())
    assert found.endpoints == 0 and not found.whole


def test_a_release_that_crashes_on_trial_does_not_hold_the_handoff_up() -> None:
    waiting = {"containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}
    crashes = pod("trial", "spare", ready_for=None, labels={"release": "2"}, status=waiting)
    for detached in (False, True):
        old = pod("old", detached=detached, labels={"release": "1"})
        assert of_trial(old, crashes, listed={"u-old"}).blocked == ""


def test_a_rollout_that_is_held_says_nothing_of_a_replacement() -> None:
    assert group(deployment(minReadySeconds=2**31 - 2), [OLD, pod("new", "spare", ready_for=2)]).whole


def test_while_it_is_held_the_replacements_own_replicaset_does() -> None:
    held, sets = deployment(minReadySeconds=2**31 - 2), [replicaset(minReadySeconds=10)]
    assert not group(held, [OLD, pod("new", "spare", ready_for=10)], sets=sets).whole
    assert group(held, [OLD, pod("new", "spare", ready_for=11)], sets=sets).whole


def test_a_replacement_on_a_doomed_node_is_none() -> None:
    again = pod("again", "doomed-too")
    ends = {"doomed": NOW + 60 * SECOND, "doomed-too": NOW + 90 * SECOND}
    found = group(deployment(), [OLD, again], fenced=ends)
    assert found.replacements == () and not found.may_go("u-old")


def test_scaled_to_nothing_or_deleted_all_may_go() -> None:
    assert group(deployment(0), [OLD]).may_go("u-old")
    deleted = deployment()
    deleted["metadata"]["deletionTimestamp"] = "2026-11-25T02:59:59Z"
    assert group(deleted, [OLD]).may_go("u-old")


def test_a_deployment_that_does_not_say_wants_one() -> None:
    assert group(deployment(None), [OLD]).desired == 1
    assert not group(deployment(None), [OLD]).may_go("u-old")


def test_min_ready_seconds_are_waited_for_and_until_its_controllers_know_that_they_are_over() -> None:
    wants = deployment(minReadySeconds=10)
    assert not group(wants, [OLD, pod("new", "spare", ready_for=10.9)]).whole
    assert group(wants, [OLD, pod("new", "spare", ready_for=11)]).whole


def test_but_not_past_half_of_the_time_that_its_own_nodes_leave() -> None:
    wants, new = deployment(minReadySeconds=60), pod("new", "spare", ready_for=11)
    ends = {"doomed": NOW + 35 * SECOND, "others": NOW}
    assert group(wants, [OLD, new], fenced=ends).whole
    assert not group(wants, [OLD, new], fenced={"doomed": NOW + 50 * SECOND, "others": NOW}).whole


def test_late_patience_is_never_less_than_the_data_plane_needs() -> None:
    wants, ends = deployment(minReadySeconds=60), {"doomed": NOW - 60 * SECOND}
    assert not group(wants, [OLD, pod("new", "spare", ready_for=0.5)], fenced=ends).whole
    assert group(wants, [OLD, pod("new", "spare", ready_for=1)], fenced=ends).whole


def test_endpoints_are_those_of_its_own_pods() -> None:
    assert group(deployment(), [OLD, NEW], listed={"u-old", "u-stranger"}).endpoints == 1
    assert group(deployment(), [OLD], listed=set()).endpoints == 0


@pytest.mark.parametrize(
    ("message", "reason"),
    [('pods "x" is forbidden: exceeded quota: club, requested: pods=1', "quota"), ("denied", "refused")],
)
def test_a_replacement_that_may_not_be_made_is_said(message: str, reason: str) -> None:
    found = group(deployment(), [OLD], sets=[replicaset(failure=("FailedCreate", message))])
    assert (found.blocked, found.blocked_since) == (reason, NOW)


UNSCHEDULED = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "lastTransitionTime": "2026-11-25T02:59:00Z",
}


def test_a_replacement_for_which_headroom_makes_way_is_not_held_up() -> None:
    """The scheduler says that it fits nowhere, and in the same words for which node it has ended others."""
    status = {"conditions": [UNSCHEDULED], "nominatedNodeName": "spare"}
    preempting = pod("new", "", ready_for=None, status=status)
    assert group(deployment(), [OLD, preempting], listed={"u-old"}).blocked == ""


def test_a_replacement_without_room_or_image_is_said() -> None:
    nowhere = pod("new", "", ready_for=None, status={"conditions": [UNSCHEDULED]})
    found = group(deployment(), [OLD, nowhere], listed={"u-old"})
    assert (found.blocked, found.blocked_since) == ("no-room", NOW - timedelta(minutes=1))
    waiting = {"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}
    pulling = pod("new", "spare", ready_for=None, status=waiting)
    assert group(deployment(), [OLD, pulling]).blocked == "ImagePullBackOff"
    fresh = pod("new", "spare", ready_for=None)
    assert group(deployment(), [OLD, fresh]).blocked == ""


def test_a_pod_that_was_detached_after_the_group_was_gathered_may_not_go() -> None:
    assert not group(deployment(), [pod("old")]).may_go("u-old")
    assert not group(deployment(2), [pod("old"), pod("other", detached=True)]).may_go("u-old")


def test_an_attached_pod_on_a_doomed_node_is_neither_old_nor_new() -> None:
    found = group(deployment(), [pod("attached")])
    assert found.serving == () and found.replacements == ()


def test_a_pod_that_has_its_hash_back_is_a_replica_again() -> None:
    back = pod("back", "spare", labels={names.HANDOFF: "int-1"})
    assert group(deployment(), [back]).whole

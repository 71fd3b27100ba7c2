"""What became of an interruption, step by step: from the objects, to the portal, and back after a crash."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from spot import names, record
from spot.doomed_node import DoomedNode
from spot.handoff.group import Group, Replacement
from spot.handoff.scene import Doomed
from spot.handoff.way import Way
from spot.interruption import Interruption, Kind
from spot.record import PodRecord, Record
from spot.times import zulu
from tests.unit.spot.handoff.objects import NOW, doomed, pod

END = Interruption("int-1", "i-1", Kind.SPOT_INTERRUPTION, NOW, None, ("sqs",), "terminate")
NODE = {"metadata": {"name": "doomed", "uid": "n", "labels": {names.CAPACITY_TYPE: "spot"}}, "spec": {}}
FENCED = DoomedNode("doomed", "n", END, True, fenced_at=NOW)
DEADLINE = NOW + timedelta(minutes=2)
BEGUN = record.begin(NODE, FENCED)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def standing(**more: Any) -> Doomed:
    raw = more.pop("raw", pod("old", labels={names.CLUB: "chess", names.PROJECT: "blog"}))
    return doomed(raw, **{"services": ("blog",), **more})


def detached(**more: Any) -> Doomed:
    raw = pod("old", detached=True, notes={names.DETACHED_AT: str(zulu(later(1)))})
    return standing(detached=True, raw=raw, **more)


def seen(before: Record, *scene: Doomed, at: float, state: DoomedNode = FENCED) -> Record:
    return record.on_node(before, state, DEADLINE, scene, later(at))


def group(endpoints: int | None = 1, **more: Any) -> Group:
    fresh = Replacement("new", "spare", "u-new", later(2), later(4), good=True)
    base = Group(("club-chess", "blog"), "u-blog", 1, (fresh,), (), endpoints)
    return replace(base, **more)


def serving(before: Record, now: float, of: Group | None = None, ready: int | None = None) -> Record:
    return record.serving(before, lambda key: of, lambda namespace, services: ready, later(now))


def only(whole: Record) -> PodRecord:
    (one,) = whole.pods
    return one


def test_it_begins_with_what_the_node_is() -> None:
    assert (BEGUN.id, BEGUN.node, BEGUN.capacity_type, BEGUN.state) == ("int-1", "doomed", "spot", "noticed")


def test_a_replacement_that_serves_is_told_before_one_that_was_made_sooner_and_does_not() -> None:
    trial = Replacement("trial", "spare", "u-trial", later(1), later(1), good=False)
    told = seen(BEGUN, detached(), at=1)
    told = serving(told, 3, group(replacements=(trial,)))
    assert (only(told).replacement, only(told).ready_at) == ("trial", None)
    told = serving(told, 5, group(replacements=(trial, *group().replacements)))
    assert (only(told).replacement, only(told).ready_at) == ("new", later(4))


def test_a_replacement_is_never_told_ready_before_the_old_pod_was_detached() -> None:
    at_once = Replacement("new", "spare", "u-new", later(1), later(1), good=True)
    raw = pod("old", detached=True, notes={names.DETACHED_AT: str(zulu(later(1.5)))})
    told = seen(BEGUN, standing(detached=True, raw=raw), at=2)
    assert only(serving(told, 3, group(replacements=(at_once,)))).ready_at == later(1.5)


def test_a_handoff_is_told_step_by_step() -> None:
    told = seen(BEGUN, standing(), at=0)
    assert (told.state, told.moving_at, only(told).state) == ("moving", NOW, "waiting")
    assert (only(told).club, only(told).project) == ("chess", "blog")
    told = seen(told, detached(), at=1)
    assert (only(told).state, only(told).detached_at) == ("detached", later(1))
    told = seen(serving(told, 5, group()), detached(), at=5)
    assert (only(told).state, only(told).replacement) == ("ready", "new")
    assert (only(told).replacement_node, only(told).ready_at) == ("spare", later(4))
    told = seen(told, detached(unserved_at=later(6)), at=6)
    assert (only(told).state, only(told).unserved_at) == ("unserved", later(6))
    told = seen(told, at=9)
    assert (only(told).state, only(told).retired_at) == ("retired", later(9))
    clear = seen(told, at=10, state=replace(FENCED, clear_at=later(10)))
    assert (clear.state, clear.clear_at) == ("clear", later(10))
    gone = record.node_gone(serving(clear, 11, group()), later(60))
    assert (gone.state, gone.gone_at, only(gone).gap_seconds) == ("gone", later(60), 0)
    assert gone.closed


def test_what_is_left_alone_is_no_part_of_it() -> None:
    told = seen(BEGUN, standing(way=Way.LEAVE), at=0)
    assert told.pods == () and told.state == "fenced"


def test_a_node_that_is_only_avoided_moves_nothing() -> None:
    told = seen(BEGUN, standing(), at=0, state=replace(FENCED, moves=False))
    assert told.pods == () and told.state == "fenced"


def test_pods_begin_to_leave_when_they_do_and_not_when_their_node_was_first_avoided() -> None:
    told = seen(BEGUN, standing(), at=0, state=replace(FENCED, moves=False))
    assert told.moving_at is None
    told = seen(told, standing(), at=30)
    assert (told.fenced_at, told.moving_at) == (NOW, later(30))


def test_what_the_node_took_along_is_lost_unless_it_was_on_its_way_out() -> None:
    told = seen(BEGUN, standing(), standing(uid="u-2", going=True), at=0)
    gone = record.node_gone(told, later(60))
    assert [each.state for each in gone.pods] == ["lost", "retired"]
    assert record.node_gone(gone, later(70)) is gone


def test_what_is_put_off_is_restored_and_told_anew_when_it_leaves_after_all() -> None:
    avoided = replace(FENCED, moves=False)
    two = seen(BEGUN, standing(), standing(uid="u-2"), at=0)
    told = seen(two, detached(), standing(uid="u-2"), at=1)
    told = seen(told, detached(), standing(uid="u-2"), at=2, state=avoided)
    assert [each.state for each in told.pods] == ["detached", "restored"]
    told = seen(told, standing(), standing(uid="u-2"), at=3, state=avoided)
    assert (told.state, [each.state for each in told.pods]) == ("fenced", ["restored", "restored"])
    told = seen(told, standing(), standing(uid="u-2"), at=9)
    assert (told.state, [each.state for each in told.pods]) == ("moving", ["waiting", "waiting"])
    assert [each.state for each in seen(told, at=10).pods] == ["retired", "retired"]


def test_what_was_called_off_stays_restored_until_a_graver_notice() -> None:
    off = replace(FENCED, called_off_at=later(2))
    told = seen(seen(seen(BEGUN, standing(), at=0), detached(), at=1), standing(), at=2, state=off)
    assert only(told).state == "restored"
    assert only(seen(told, standing(), at=3, state=off)).state == "restored"
    assert only(seen(told, standing(), at=3)).state == "waiting"


def test_what_was_called_off_is_restored() -> None:
    told = seen(seen(BEGUN, standing(), at=0), detached(), at=1)
    off = seen(told, detached(), at=2, state=replace(FENCED, called_off_at=later(2)))
    assert off.state == "cancelled" and not off.closed
    back = seen(off, standing(), at=3, state=replace(FENCED, called_off_at=later(2)))
    assert only(back).state == "restored" and back.closed
    free = record.let_go(told, later(4))
    assert (free.state, free.cancelled_at, only(free).state) == ("cancelled", later(4), "restored")


def test_a_node_that_goes_before_its_pods_are_back_takes_them_along() -> None:
    told = seen(seen(BEGUN, standing(), at=0), detached(), at=1)
    off = seen(told, detached(), at=2, state=replace(FENCED, called_off_at=later(2)))
    gone = record.node_gone(off, later(3))
    assert (gone.state, only(gone).state) == ("gone", "lost")
    assert serving(gone, 4, group()).closed
    back = seen(off, standing(), at=3, state=replace(FENCED, called_off_at=later(2)))
    assert record.node_gone(back, later(4)) is back


def moved(**more: Any) -> Record:
    return seen(BEGUN, standing(**more), at=0)


def test_a_gap_is_counted_while_nobody_serves_and_told_once_the_pod_has_gone() -> None:
    told = serving(moved(), 1, group(0))
    assert (only(told).gap_since, only(told).gap_seconds) == (later(1), None)
    told = serving(told, 3, group(1))
    assert (only(told).gap_since, only(told).gap_seconds) == (None, None)
    told = serving(seen(told, at=4), 4, group(0))
    assert not record.node_gone(told, later(5)).closed
    told = serving(record.node_gone(told, later(5)), 6.5, group(1))
    assert only(told).gap_seconds == 4.5 and told.closed


@pytest.mark.parametrize(
    ("one", "of", "reason"),
    [
        (standing(way=Way.EVICT, reason="recreate"), group(0), "recreate"),
        (standing(), group(0, blocked="quota", replacements=()), "quota"),
        (standing(), group(0, replacements=()), "replacement-late"),
    ],
)
def test_a_gap_says_why_it_began(one: Doomed, of: Group, reason: str) -> None:
    assert only(serving(seen(BEGUN, one, at=0), 1, of)).gap_reason == reason


def test_what_held_the_replacement_up_is_remembered_as_the_gaps_reason() -> None:
    told = serving(moved(), 1, group(1, blocked="quota", replacements=(), blocked_since=later(0.5)))
    assert (only(told).blocked_reason, only(told).blocked_since) == ("quota", later(0.5))
    assert only(serving(told, 2, group(0, replacements=()))).gap_reason == "quota"


def test_a_gap_of_ten_minutes_is_the_projects_own_trouble() -> None:
    told = serving(seen(serving(moved(), 1, group(0)), at=2), 2, group(0))
    told = serving(record.node_gone(told, later(3)), 602, group(0))
    assert only(told).gap_seconds == 601 and told.closed


def test_scaled_to_nothing_or_deleted_there_is_no_gap() -> None:
    for of in (group(0, desired=0), None):
        told = serving(seen(moved(), at=1), 2, of)
        assert only(told).gap_seconds == 0


def test_who_served_nobody_leaves_no_gap() -> None:
    told = serving(seen(moved(ready=False), at=1), 2, group(0))
    assert only(told).gap_seconds is None and record.node_gone(told, later(3)).closed


def test_without_a_deployment_its_services_endpoints_are_counted() -> None:
    one = standing(way=Way.EVICT, reason="statefulset", owner="StatefulSet/store")
    told = serving(seen(BEGUN, one, at=0), 1, ready=1)
    told = serving(seen(told, at=2), 2, ready=0)
    assert (only(told).gap_since, only(told).gap_reason) == (later(2), "statefulset")
    assert only(serving(told, 7, ready=1)).gap_seconds == 5


def test_a_replacement_is_one_that_was_made_after_the_old_pod_left() -> None:
    before = Replacement("elder", "spare", "u-e", later(-100), later(-90), good=True)
    told = serving(seen(moved(), detached(), at=1), 5, group(replacements=(before,)))
    assert only(told).replacement == ""
    told = serving(told, 5, group(replacements=(before, *group().replacements)))
    assert only(told).replacement == "new"


def test_a_revision_grows_with_each_change_and_only_then() -> None:
    first = record.revised(None, BEGUN)
    assert first.revision == 1
    assert record.revised(first, replace(BEGUN)) is first
    assert record.revised(first, replace(BEGUN, state="fenced")).revision == 2


def test_after_a_crash_it_is_what_it_was() -> None:
    told = serving(seen(seen(BEGUN, standing(), at=0), detached(), at=1), 5, group(0))
    told = record.revised(None, told)
    assert record.from_json(json.loads(json.dumps(record.to_json(told, whole=True)))) == told


def test_the_portal_gets_what_the_contract_says_and_no_more() -> None:
    told = record.to_json(record.revised(None, moved()), whole=False)
    assert "node_uid" not in told
    assert set(told["pods"][0]) == {
        "namespace", "name", "uid", "owner", "club", "project", "way", "state", "detached_at", "replacement",
        "replacement_node", "ready_at", "unserved_at", "retired_at", "blocked_since", "blocked_reason",
        "gap_seconds", "gap_reason",
    }  # fmt: skip
    assert told["noticed_at"] == "2026-11-25T03:00:00.000Z" and told["sources"] == ["sqs"]


@pytest.mark.parametrize(
    "said", [{}, {"pods": [{"colour": "red"}]}, {"pods": 7}, {"pods": [], "id": "x"}, []]
)
def test_what_is_no_record_is_refused(said: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        record.from_json(said)

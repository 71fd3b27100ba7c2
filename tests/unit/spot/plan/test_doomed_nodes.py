"""The interruption as it stands on its Node: what is written is read, what nobody of us wrote is nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spot import names
from spot.doomed_node import (
    DoomedNode,
    call_off,
    ended,
    fence,
    is_called_off_by_hand,
    is_fenced,
    mark,
    read,
    unfence,
    write,
)
from spot.interruption import Ended, Interruption, Kind, LifecycleHook, Planned

THEN = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
LATER = THEN + timedelta(seconds=5)
OTHER = {"key": "theirs", "effect": "NoSchedule"}
END = Interruption(
    "int-1",
    "i-1",
    Kind.SPOT_INTERRUPTION,
    THEN,
    LATER,
    ("sqs",),
    "terminate",
    (LifecycleHook("g", "h", "t"),),
)


def node(annotation: str | None = None, taints: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    notes = {} if annotation is None else {names.INTERRUPTION: annotation}
    metadata = {"name": "spot-1", "uid": "u", "resourceVersion": "7", "annotations": notes}
    return {"metadata": metadata, "spec": {"taints": taints} if taints is not None else {}}


def applied(before: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """As the API server merges it."""
    notes = {**before["metadata"]["annotations"], **patch["metadata"]["annotations"]}
    metadata = {**before["metadata"], "annotations": {k: v for k, v in notes.items() if v is not None}}
    return {"metadata": metadata, "spec": {**before["spec"], **patch.get("spec", {})}}


def keys(of: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["key"], each["effect"]) for each in of["spec"].get("taints") or []]


def test_a_fenced_node_says_its_interruption_and_keeps_new_pods_away() -> None:
    fenced = applied(node(taints=[OTHER]), fence(node(taints=[OTHER]), END, moves=True, now=THEN))
    assert read(fenced) == DoomedNode("spot-1", "u", END, True, fenced_at=THEN)
    assert keys(fenced) == [("theirs", "NoSchedule"), (names.INTERRUPTED, "NoSchedule")]
    assert is_fenced(fenced)


def test_a_fence_is_written_only_over_the_node_that_was_looked_at() -> None:
    metadata = fence(node(), END, moves=True, now=THEN)["metadata"]
    assert (metadata["uid"], metadata["resourceVersion"]) == ("u", "7")


def test_a_node_at_risk_is_only_avoided() -> None:
    fenced = applied(node(), fence(node(), replace(END, kind=Kind.REBALANCE), moves=False, now=THEN))
    assert keys(fenced) == [(names.AT_RISK, "PreferNoSchedule")]
    graver = applied(fenced, fence(fenced, END, moves=True, now=LATER))
    assert keys(graver) == [(names.INTERRUPTED, "NoSchedule")]
    state = read(graver)
    assert state is not None and state.fenced_at == THEN


def test_volumes_are_let_go_of_only_once_the_cloud_has_ended_the_instance() -> None:
    gone = applied(node(), fence(node(), replace(END, gone=True), moves=True, now=THEN))
    assert (names.OUT_OF_SERVICE, "NoExecute") in keys(gone)
    assert keys(applied(gone, unfence(gone))) == []


@pytest.mark.parametrize("gone", [True, False])
def test_an_operators_own_out_of_service_is_his_to_take_away(gone: bool) -> None:
    theirs = {"key": names.OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}
    before = node(taints=[theirs])
    fenced = applied(before, fence(before, replace(END, gone=gone), moves=True, now=THEN))
    assert fenced["spec"]["taints"][0] == theirs
    # The API server refuses two taints of one key and effect.
    assert len(set(keys(fenced))) == len(keys(fenced)) == 2
    assert applied(fenced, unfence(fenced))["spec"]["taints"] == [theirs]


def test_a_graver_notice_stands_over_one_that_was_called_off() -> None:
    rebalance = replace(END, kind=Kind.REBALANCE)
    off = node(write(DoomedNode("spot-1", "u", rebalance, False, called_off_at=THEN, fenced_at=THEN)))
    same, worse = (applied(off, fence(off, each, moves=True, now=LATER)) for each in (rebalance, END))
    assert read(same).called_off_at == THEN  # type: ignore[union-attr]
    assert read(worse).called_off_at is None  # type: ignore[union-attr]


def test_a_mark_leaves_the_taints_alone() -> None:
    state = DoomedNode("spot-1", "u", END, True, fenced_at=THEN, clear_at=LATER)
    patch = mark(node(taints=[OTHER]), state)
    assert "spec" not in patch
    assert read(applied(node(), patch)) == state


def test_what_is_taken_back_is_taken_back_whole_and_remembered() -> None:
    free = called_off(node(taints=[OTHER]), END, LATER)
    assert read(free) is None and not is_fenced(free)
    assert keys(free) == [("theirs", "NoSchedule")]
    assert list(free["metadata"]["annotations"]) == [names.ENDED]
    assert ended(free) == (Ended("int-1", END.kind, LATER, END.deadline),)


def called_off(before: dict[str, Any], end: Interruption, at: datetime, by: str = "") -> dict[str, Any]:
    """A Node on which an interruption stood until then."""
    fenced = applied(before, fence(before, end, moves=True, now=THEN))
    state = read(fenced)
    assert state is not None
    going = applied(fenced, call_off(fenced, state, at, by))
    free = applied(going, unfence(going))
    # It is the same before all is taken back.
    assert ended(free)[0] == ended(going)[0]
    return free


def test_several_are_remembered_the_newest_first_and_not_without_end() -> None:
    planned = (Planned("metadata", "", LATER, THEN), Planned("ec2", "", None, THEN))
    of = replace(END, kind=Kind.MAINTENANCE, hooks=(), planned=planned)
    free = node()
    for number in range(12):
        at = THEN + timedelta(minutes=number)
        free = called_off(free, replace(of, id=f"int-{number}"), at, "metadata")
    assert [each.id for each in ended(free)] == [f"int-{number}" for number in range(11, 1, -1)]
    assert {each.planned for each in ended(free)} == {planned[:1]}
    assert {each.by for each in ended(free)} == {"metadata"}


def test_by_hand_all_that_was_planned_ends() -> None:
    planned = (Planned("metadata", "", LATER, THEN), Planned("ec2", "", None, THEN))
    (past,) = ended(called_off(node(), replace(END, kind=Kind.MAINTENANCE, planned=planned), LATER))
    assert past.planned == planned


@pytest.mark.parametrize(
    "said", ["", "{", "7", "[7]", "[" * 100_000, "int-1", '[{"id": "x"}]', '[{"ended_at": null}]']
)
def test_what_nobody_of_us_wrote_is_remembered_as_nothing(said: str) -> None:
    strange = node()
    strange["metadata"]["annotations"][names.ENDED] = said
    assert ended(strange) == ()


def test_an_operators_word_is_for_one_interruption_and_for_what_it_was_then() -> None:
    fenced = applied(node(), fence(node(), replace(END, kind=Kind.REBALANCE), moves=True, now=THEN))
    fenced["metadata"]["annotations"][names.CALL_OFF] = "int-1"
    assert is_called_off_by_hand(fenced, END) and not is_called_off_by_hand(fenced, replace(END, id="int-2"))
    same = applied(
        fenced, fence(fenced, replace(END, kind=Kind.REBALANCE, sources=()), moves=True, now=LATER)
    )
    assert is_called_off_by_hand(same, END)
    graver = applied(fenced, fence(fenced, END, moves=True, now=LATER))
    assert not is_called_off_by_hand(graver, END)
    state = read(fenced)
    assert state is not None
    assert names.CALL_OFF not in applied(fenced, call_off(fenced, state, LATER))["metadata"]["annotations"]


@pytest.mark.parametrize(
    "annotation",
    [
        "",
        "[" * 100_000,
        *(
            json.dumps(
                {"id": id, "instance_id": "i-1", "kind": "stopping", "noticed_at": "2026-11-25T03:00:00Z"}
            )
            for id in ("", "int-", "int-1/../../nodes/spot-2", "int-1\n", 1, None)
        ),
        "{}",
        "[]",
        "null",
        "7",
        "{",
        json.dumps({"id": "x", "instance_id": "i-1", "kind": "spot-interruption"}),
        json.dumps(
            {"id": "x", "instance_id": "i-1", "kind": "holiday", "noticed_at": "2026-11-25T03:00:00Z"}
        ),
        json.dumps({"id": "x", "instance_id": "i-1", "kind": "stopping", "noticed_at": "yesterday"}),
        json.dumps(
            {
                "id": "x",
                "instance_id": "i-1",
                "kind": "stopping",
                "noticed_at": "2026-11-25T03:00Z",
                "hooks": 3,
            }
        ),
        json.dumps(
            {
                "id": "x",
                "instance_id": "i-1",
                "kind": "stopping",
                "noticed_at": "2026-11-25T03:00Z",
                "hooks": [{"a": 1}],
            }
        ),
        json.dumps(
            {
                "id": "x",
                "instance_id": "i-1",
                "kind": "stopping",
                "noticed_at": "2026-11-25T03:00Z",
                "sources": 3,
            }
        ),
        json.dumps(
            {
                "id": "x",
                "instance_id": "i-1",
                "kind": "maintenance",
                "noticed_at": "2026-11-25T03:00Z",
                "planned": [{"source": "ec2"}],
            }
        ),
    ],
)
def test_what_is_no_interruption_is_none(annotation: str) -> None:
    assert read(node(annotation)) is None


@given(
    st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps)
)
def test_no_annotation_makes_the_handler_stumble(annotation: str) -> None:
    read(node(annotation))


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "id",
                "instance_id",
                "kind",
                "noticed_at",
                "deadline",
                "sources",
                "hooks",
                "moves",
                "gone",
                "planned",
            ]
        ),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.lists(st.text())
        | st.just("stopping")
        | st.just("2026-11-25T03:00:00Z")
        | st.lists(st.dictionaries(st.sampled_from(["group", "hook", "token"]), st.text())),
    )
)
def test_no_half_of_an_interruption_does_either(said: dict[str, Any]) -> None:
    read(node(json.dumps(said)))


@given(
    st.sampled_from(Kind),
    st.none() | st.just(LATER),
    st.booleans(),
    st.booleans(),
    st.text(max_size=20),
    st.lists(st.text(max_size=5), max_size=3),
    st.lists(
        st.builds(
            Planned, st.text(max_size=5), st.text(max_size=5), st.none() | st.just(LATER), st.just(THEN)
        ),
        max_size=3,
    ),
)
def test_what_is_written_is_read(
    kind: Kind,
    deadline: datetime | None,
    gone: bool,
    moves: bool,
    detail: str,
    sources: list[str],
    planned: list[Planned],
) -> None:
    end = replace(END, kind=kind, deadline=deadline, gone=gone, detail=detail)
    end = replace(end, sources=tuple(sources), planned=tuple(planned))
    state = DoomedNode("spot-1", "u", end, moves, THEN, LATER, None)
    assert read(node(write(state))) == state

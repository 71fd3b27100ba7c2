"""When the rest of a pool is avoided, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from spot import doomed_node, names
from spot.interruption import Interruption, Kind
from spot.pool import Change, changes, is_avoided, pool_of
from tests.unit.spot.handoff.objects import NOW

JsonMap = dict[str, Any]
QUIET = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
OTHER = {"key": "other", "effect": "NoSchedule"}


def node(
    name: str,
    noticed_at: datetime | None = None,
    kind: Kind = Kind.SPOT_INTERRUPTION,
    zone: str = "a",
    capacity: str = "spot",
) -> JsonMap:
    labels = {names.CAPACITY_TYPE: capacity, names.ZONE: zone, names.INSTANCE_TYPE: "m5.large"}
    made: JsonMap = {
        "metadata": {"name": name, "uid": f"u-{name}", "resourceVersion": "1", "labels": labels},
        "spec": {"taints": [OTHER]},
    }
    if noticed_at is not None:
        end = Interruption(f"int-{name}", f"i-{name}", kind, noticed_at, None, ("imds",))
        written(made, doomed_node.fence(made, end, moves=kind is not Kind.REBALANCE, now=noticed_at))
    return made


def written(one: JsonMap, patch: JsonMap) -> JsonMap:
    notes = one["metadata"].setdefault("annotations", {}) | patch["metadata"]["annotations"]
    one["metadata"]["annotations"] = {key: value for key, value in notes.items() if value is not None}
    one["spec"] |= patch.get("spec", {})
    return one


def looked(*nodes: JsonMap, now: datetime = NOW, quiet: timedelta = QUIET) -> dict[str, Change]:
    return {each.node["metadata"]["name"]: each for each in changes(nodes, quiet, now)}


def test_two_of_a_pool_within_three_minutes_put_the_rest_at_risk() -> None:
    late = NOW - MINUTE
    found = looked(node("a", NOW - 3 * MINUTE), node("b", late), node("c"), node("d", zone="b"))
    assert set(found) == {"c"}
    assert (found["c"].pool, found["c"].until) == ("m5.large in a", late + QUIET)
    taint = {"key": "madang.dev/at-risk", "value": "pool", "effect": "PreferNoSchedule"}
    assert found["c"].patch["spec"]["taints"] == [OTHER, taint]


@pytest.mark.parametrize(
    "others",
    [
        [node("a", NOW)],
        [node("a", NOW - 4 * MINUTE), node("b", NOW)],
        [node("a", NOW), node("b", NOW, zone="b")],
        [node("a", NOW), node("b", NOW, Kind.ASG_TERMINATE)],
        [node("a", NOW), node("b", NOW, Kind.MAINTENANCE)],
        [node("a", NOW), node("b", NOW, capacity="on-demand")],
        [],
    ],
)
def test_one_alone_or_far_apart_or_for_another_reason_says_nothing(others: list[JsonMap]) -> None:
    assert looked(*others, node("c")) == {}


def test_recommendations_of_the_market_count_too() -> None:
    assert "c" in looked(node("a", NOW, Kind.REBALANCE), node("b", NOW), node("c"))


def test_what_was_called_off_does_not_count() -> None:
    off = node("a", NOW, Kind.REBALANCE)
    state = doomed_node.read(off)
    assert state is not None
    end = doomed_node.mark(off, replace(state, called_off_at=NOW))
    assert looked(written(off, end), node("b", NOW), node("c")) == {}


def test_what_is_written_is_not_written_again_and_outlives_the_nodes_that_went() -> None:
    doomed = [node("a", NOW), node("b", NOW)]
    rest = node("c")
    written(rest, looked(*doomed, rest)["c"].patch)
    assert is_avoided(rest) and not doomed_node.is_fenced(rest)
    assert looked(*doomed, rest) == {}
    assert looked(rest, now=NOW + QUIET - MINUTE) == {}
    assert looked(rest, node("new"), now=NOW + MINUTE)["new"].until == NOW + QUIET


def test_after_the_quiet_time_everything_is_as_it_was() -> None:
    rest = node("c")
    written(rest, looked(node("a", NOW), node("b", NOW), rest)["c"].patch)
    lifted = looked(rest, now=NOW + QUIET)["c"]
    assert lifted.until is None
    assert written(rest, lifted.patch)["spec"]["taints"] == [OTHER]
    assert names.POOL_AT_RISK_UNTIL not in rest["metadata"]["annotations"]
    assert looked(rest, now=NOW + QUIET) == {}


def test_more_notices_prolong_it_but_not_one_by_one() -> None:
    rest = node("c")
    written(rest, looked(node("a", NOW), node("b", NOW), rest)["c"].patch)
    soon, later = NOW + timedelta(seconds=30), NOW + 2 * MINUTE
    assert looked(node("a", NOW), node("b", NOW), node("d", soon), rest, now=soon) == {}
    found = looked(node("a", NOW), node("b", NOW), node("d", later), rest, now=later)
    assert found["c"].until == later + QUIET


def test_no_quiet_time_avoids_nothing_and_lifts_what_was() -> None:
    rest = node("c")
    doomed = [node("a", NOW), node("b", NOW)]
    assert looked(*doomed, rest, quiet=timedelta(0)) == {}
    written(rest, looked(*doomed, rest)["c"].patch)
    assert looked(*doomed, rest, quiet=timedelta(0))["c"].until is None


def test_a_notice_of_its_own_takes_the_pools_taint_away() -> None:
    rest = node("c")
    written(rest, looked(node("a", NOW), node("b", NOW), rest)["c"].patch)
    end = Interruption("int-c", "i-c", Kind.SPOT_INTERRUPTION, NOW, None, ("imds",))
    written(rest, doomed_node.fence(rest, end, moves=True, now=NOW))
    assert [taint["key"] for taint in rest["spec"]["taints"]] == ["other", names.INTERRUPTED]
    assert looked(node("a", NOW), node("b", NOW), rest) == {}


def test_a_node_that_does_not_say_where_it_is_is_in_no_pool() -> None:
    lost = node("a")
    del lost["metadata"]["labels"][names.ZONE]
    assert pool_of(lost) == ""

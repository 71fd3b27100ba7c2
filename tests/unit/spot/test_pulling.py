"""How many pulls run at once, and how a pulling pod is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spot.images import Pull
from spot.pulling import AT_ONCE, AT_ONCE_ON_A_NODE, Ahead, name_of, pulling_pod, read, within_bounds

NOW = datetime(2026, 3, 5, tzinfo=UTC)


def pull(number: int, node: str = "a") -> Pull:
    return Pull("club-chess", f"registry.local/chess/blog@sha256:{number:064}", ("registry",), node)


def start(wanted: list[Pull], running: list[Ahead] | None = None) -> list[Pull]:
    return within_bounds(wanted, running or [], lambda name: False)


def running(of: Pull) -> Ahead:
    return Ahead(of.namespace, name_of(of), "uid", of.node, "")


def standing(**status: Any) -> dict[str, Any]:
    body = pulling_pod(pull(1), "pause", "low")
    body["metadata"] |= {"uid": "u", "creationTimestamp": NOW.isoformat()}
    return {**body, "status": status}


def test_a_node_pulls_few_at_once() -> None:
    assert len(start([pull(n) for n in range(9)])) == AT_ONCE_ON_A_NODE


def test_all_nodes_together_pull_no_more_than_ten() -> None:
    assert len(start([pull(n, f"node-{n}") for n in range(30)])) == AT_ONCE


def test_what_runs_already_counts_and_is_not_started_again() -> None:
    assert start([pull(1), pull(2), pull(3)], [running(pull(1))]) == [pull(2)]


def test_what_rests_is_passed_over() -> None:
    resting = name_of(pull(1))
    assert within_bounds([pull(1), pull(2)], [], lambda name: name == resting) == [pull(2)]


def test_the_first_wanted_is_the_first_started() -> None:
    assert start([pull(n) for n in range(9)]) == [pull(0), pull(1)]


def test_a_name_stands_for_one_image_on_one_node() -> None:
    assert name_of(pull(1)) == name_of(pull(1))
    assert len({name_of(pull(1)), name_of(pull(2)), name_of(pull(1, "b"))}) == 3


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ({}, ""),
        ({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]}, ""),
        ({"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}, "pulled"),
        ({"phase": "Failed"}, "failed"),
    ],
)
def test_an_image_is_there_once_the_pod_runs(status: dict[str, Any], ended: str) -> None:
    assert read(standing(**status), NOW).ended == ended


def test_a_pod_whose_node_never_took_it_is_given_up() -> None:
    assert read(standing(phase="Pending"), NOW + timedelta(minutes=7)).ended == "failed"


def test_a_pod_that_has_no_node_yet_counts_for_the_one_it_asks_for() -> None:
    assert read(standing(), NOW).node == "a"

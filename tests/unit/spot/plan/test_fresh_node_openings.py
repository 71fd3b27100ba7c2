"""When a fresh spot node takes its first pods: once its agent is at work, or nobody is to be waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spot import names
from spot.doomed_node import DoomedNode, fence, unfence, write
from spot.fresh_node import Opening, Why, is_unheard, opening, waits
from spot.interruption import Interruption, Kind
from spot.sources.annotation import encode
from spot.sources.seen import InstanceAction, Rebalance, Seen
from spot.times import zulu

REGISTERED = datetime(2026, 11, 28, 19, 0, tzinfo=UTC)
SOON = REGISTERED + timedelta(seconds=20)
PATIENCE = timedelta(seconds=120)
OWN, ANOTHER = "i-0123456789abcdef0", "i-0fedcba9876543210"
OTHER = {"key": "theirs", "effect": "NoSchedule"}
CLOSED = {"key": names.AGENT_NOT_READY, "value": "true", "effect": "NoSchedule"}
AVOIDED = {"key": names.UNHEARD, "value": "true", "effect": "PreferNoSchedule"}


def node(
    *taints: dict[str, Any],
    said: str | None = None,
    provider_id: str = f"aws:///eu-west-1a/{OWN}",
    ready: str = "True",
    ready_at: datetime | None = REGISTERED,
    notes: dict[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "spot-1",
            "uid": "u",
            "resourceVersion": "7",
            "creationTimestamp": zulu(REGISTERED),
            "annotations": {**(notes or {}), **({names.METADATA: said} if said is not None else {})},
        },
        "spec": {"taints": list(taints), **({"providerID": provider_id} if provider_id else {})},
        "status": {
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": zulu(ready_at)}],
        },
    }


def at(seconds: float, of: dict[str, Any], *, agents: bool = True) -> Opening | None:
    now = REGISTERED + timedelta(seconds=seconds)
    return opening(of, agents=agents, patience=PATIENCE, since=REGISTERED, now=now)


def taints_after(found: Opening | None) -> list[dict[str, Any]]:
    assert found is not None
    taints: list[dict[str, Any]] = found.patch["spec"]["taints"]
    return taints


QUIET = encode(Seen(instance_id=OWN))
CALLED_BACK = encode(Seen(instance_id=OWN, spot=InstanceAction(action="terminate", time=SOON, seen_at=SOON)))


def test_a_node_whose_agent_reads_is_opened_at_once_and_keeps_the_taints_of_others() -> None:
    found = at(1, node(OTHER, CLOSED, said=QUIET))
    assert found is not None and (found.why, found.trouble) == (Why.AT_WORK, "")
    assert taints_after(found) == [OTHER]


def test_a_node_is_opened_only_as_it_was_looked_at() -> None:
    found = at(1, node(CLOSED, said=QUIET))
    assert found is not None
    assert found.patch["metadata"] == {"uid": "u", "resourceVersion": "7"}


def test_an_open_node_is_left_alone_whatever_is_said() -> None:
    for said in (None, QUIET, "no word of an agent"):
        assert at(1000, node(OTHER, said=said)) is None
        assert at(1000, node(OTHER, said=said), agents=False) is None


@pytest.mark.parametrize(
    ("closed", "trouble"),
    [
        (node(CLOSED), "said nothing"),
        (node(CLOSED, said="no word of an agent"), "cannot be read"),
        (
            node(CLOSED, said=encode(Seen(instance_id=ANOTHER))),
            f"metadata of {ANOTHER}, and the Node is {OWN}",
        ),
        (node(CLOSED, said=QUIET, provider_id=""), "no instance yet"),
        (node(CLOSED, said=CALLED_BACK), "its notice is not acted on"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_node_without_an_agents_true_word_waits_and_is_then_opened_but_avoided(
    closed: dict[str, Any], trouble: str
) -> None:
    assert at(119, closed) is None
    found = at(120, closed)
    assert found is not None and found.why is Why.UNHEARD
    assert trouble in found.trouble
    assert taints_after(found) == [AVOIDED]


def test_an_unheard_node_is_avoided_no_more_once_its_agent_reads() -> None:
    assert at(1000, node(OTHER, AVOIDED)) is None
    found = at(1000, node(OTHER, AVOIDED, said=QUIET))
    assert found is not None and found.why is Why.AT_WORK
    assert taints_after(found) == [OTHER]


def test_without_agents_in_the_installation_no_node_waits() -> None:
    for closed in (node(CLOSED), node(AVOIDED), node(CLOSED, provider_id="", ready="False")):
        found = at(0, closed, agents=False)
        assert found is not None and found.why is Why.NO_AGENTS
        assert taints_after(found) == []


def test_a_node_that_is_called_back_already_is_opened_behind_its_fence_only() -> None:
    closed = node(CLOSED, said=CALLED_BACK)
    assert at(30, closed) is None
    end = Interruption("int-1", OWN, Kind.SPOT_INTERRUPTION, SOON, SOON, ("metadata",))
    patch = fence(closed, end, moves=True, now=SOON)
    fenced = node(*patch["spec"]["taints"], said=CALLED_BACK, notes=patch["metadata"]["annotations"])
    assert [taint["key"] for taint in taints_after(at(30, fenced))] == [names.INTERRUPTED]


def test_what_was_called_off_holds_no_node_closed() -> None:
    over = encode(Seen(instance_id=OWN, rebalance=Rebalance(time=REGISTERED, over_at=SOON)))
    assert at(30, node(CLOSED, said=over)) is not None


@pytest.mark.parametrize(("kind", "opens"), [(Kind.SPOT_INTERRUPTION, True), (Kind.REBALANCE, False)])
def test_nor_does_what_an_operator_has_called_off_unless_something_graver_came_of_it(
    kind: Kind, opens: bool
) -> None:
    end = Interruption("int-1", OWN, kind, SOON, SOON, ("metadata",))
    off = write(DoomedNode("spot-1", "u", end, True, called_off_at=SOON))
    past = unfence(node(notes={names.INTERRUPTION: off}))["metadata"]["annotations"][names.ENDED]
    closed = node(CLOSED, said=CALLED_BACK, notes={names.ENDED: past})
    assert (at(30, closed) is not None) is opens


def test_patience_begins_when_the_node_is_ready() -> None:
    late = node(CLOSED, ready_at=REGISTERED + timedelta(seconds=100))
    assert at(219, late) is None
    assert at(220, late) is not None
    assert at(1000, node(CLOSED, ready="False")) is None
    assert at(1000, node(CLOSED, ready="Unknown")) is None
    unready = node(CLOSED, ready="False")
    assert opening(unready, agents=True, patience=timedelta(0), since=REGISTERED, now=SOON) is None


def test_a_node_that_is_older_than_the_installation_gives_its_agent_time_to_come() -> None:
    installed = REGISTERED + timedelta(hours=1)
    for seconds, opened in ((1, False), (119, False), (120, True)):
        now = installed + timedelta(seconds=seconds)
        found = opening(node(CLOSED), agents=True, patience=PATIENCE, since=installed, now=now)
        assert (found is not None) == opened
    at_work = node(CLOSED, said=QUIET)
    assert opening(at_work, agents=True, patience=PATIENCE, since=installed, now=installed) is not None


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_kubelet_whose_clock_is_wrong_holds_nothing_closed_for_longer(hours: int) -> None:
    wrong = node(CLOSED, ready_at=REGISTERED + timedelta(hours=hours))
    assert at(119, wrong) is None
    assert at(120, wrong) is not None


def test_opened_once_a_node_is_not_opened_again() -> None:
    for closed in (node(OTHER, CLOSED, said=QUIET), node(OTHER, CLOSED)):
        said = closed["metadata"]["annotations"].get(names.METADATA)
        opened = node(*taints_after(at(500, closed)), said=said)
        assert not waits(opened)
        assert is_unheard(opened) == (said is None)
        assert at(1000, opened) is None

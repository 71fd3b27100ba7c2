"""A message is through once its notices have had their effect, or their node was waited for in vain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from spot.controller.deliveries import PATIENCE, Deliveries
from spot.errors import TemporaryError
from spot.interruption import Kind, Notice
from spot.messages import Reading
from spot.metrics import Metrics
from spot.sources.sqs import Message
from tests.unit.spot.handoff.objects import NOW, SECOND


class Here:
    """The queue, the work (done as it is submitted) and the cluster, whose Nodes are `nodes`."""

    def __init__(self) -> None:
        self.now, self.nodes, self.trouble = NOW, set[str](), set[str]()
        self.taken: list[str] = []
        self.acknowledged: list[str] = []
        self.metrics = Metrics()
        self.deliveries = Deliveries(
            cast("Any", self),
            cast("Any", self),
            self.metrics,
            take=self.take,
            knows=lambda notice: notice.instance_id in self.nodes,
            clock=lambda: self.now,
        )

    def take(self, notice: Notice) -> None:
        if notice.instance_id in self.trouble:
            raise TemporaryError("not now")
        self.taken.append(notice.instance_id)

    def submit(self, key: tuple[str, str], do: Callable[[], None]) -> bool:
        try:
            do()
        except TemporaryError:
            return True
        return True

    def acknowledge(self, message: Message) -> None:
        if "queue" in self.trouble:
            raise TemporaryError("not now")
        self.acknowledged.append(message.receipt)

    @property
    def waiting(self) -> float | None:
        self.deliveries.look()
        return self.metrics.registry.get_sample_value("madang_spot_early_messages")


def message(*instances: str, receipt: str = "r1", sent_at: datetime | None = NOW) -> Message:
    notices = tuple(Notice(each, Kind.SPOT_INTERRUPTION, "sqs", NOW) for each in instances)
    return Message("m", receipt, Reading(notices, "spot-interruption"), sent_at, NOW, 1)


@pytest.fixture
def here() -> Here:
    return Here()


def test_what_is_of_a_node_is_taken_and_acknowledged_at_once(here: Here) -> None:
    here.nodes = {"i-1"}
    here.deliveries.deliver(message("i-1"))
    assert (here.taken, here.acknowledged, here.waiting) == (["i-1"], ["r1"], 0)


def test_what_is_of_no_node_yet_is_taken_when_the_node_comes(here: Here) -> None:
    here.deliveries.deliver(message("i-1"))
    here.now += PATIENCE - SECOND
    assert (here.taken, here.acknowledged, here.waiting) == ([], [], 1)
    here.nodes = {"i-1"}
    assert (here.waiting, here.taken, here.acknowledged) == (0, ["i-1"], ["r1"])


def test_a_node_that_does_not_come_is_told_as_unknown_and_waited_for_no_longer(here: Here) -> None:
    here.deliveries.deliver(message("i-1"))
    here.now += PATIENCE
    here.deliveries.look()
    # What it comes to is the intake's to say.
    assert (here.taken, here.acknowledged, here.waiting) == (["i-1"], ["r1"], 0)


def test_a_message_that_has_waited_in_the_queue_is_not_waited_with_any_more(here: Here) -> None:
    here.deliveries.deliver(message("i-1", sent_at=NOW - PATIENCE))
    assert here.acknowledged == ["r1"]
    here.deliveries.deliver(message("i-1", receipt="r2", sent_at=None))
    assert here.acknowledged == ["r1"]


def test_it_is_acknowledged_by_its_newest_delivery(here: Here) -> None:
    here.deliveries.deliver(message("i-1"))
    here.now += 20 * SECOND
    here.deliveries.deliver(message("i-1", receipt="r2"))
    here.nodes = {"i-1"}
    here.deliveries.look()
    assert (here.taken, here.acknowledged) == (["i-1"], ["r2"])


def test_of_several_instances_those_that_are_nodes_do_not_wait_for_the_others(here: Here) -> None:
    here.nodes = {"i-1"}
    here.deliveries.deliver(message("i-1", "i-2"))
    assert (here.taken, here.acknowledged, here.waiting) == (["i-1"], [], 1)
    here.nodes.add("i-2")
    here.deliveries.look()
    assert (here.taken, here.acknowledged) == (["i-1", "i-2"], ["r1"])


@pytest.mark.parametrize("trouble", ["i-1", "queue"])
def test_what_went_wrong_is_tried_again(here: Here, trouble: str) -> None:
    here.nodes, here.trouble = {"i-1"}, {trouble}
    here.deliveries.deliver(message("i-1"))
    assert here.acknowledged == []
    here.trouble.clear()
    here.now += timedelta(seconds=1)
    here.deliveries.look()
    assert (here.taken, here.acknowledged) == (["i-1"], ["r1"])

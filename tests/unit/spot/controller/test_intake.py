"""What a notice that is called off, put off, undated or comes again does to its Node."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any, cast

import pytest

from spot import doomed_node, names
from spot.controller.intake import Intake, Taken
from spot.errors import TemporaryError
from spot.interruption import Kind, Notice
from spot.kube import Cache
from spot.plan import Policy
from spot.sources.annotation import encode, notices
from spot.sources.seen import ScheduledEvent, Seen, succeed
from spot.times import zulu
from tests.unit.spot.handoff.objects import NOW, SECOND, a_node

INSTANCE = "i-1234567890abcdef0"
NOTHING = Seen(instance_id=INSTANCE)


class Server:
    """One Node, with what it is patched by."""

    def __init__(self) -> None:
        self.node: dict[str, Any] = a_node("spot-1")
        self.node["metadata"]["annotations"] = {}
        self.cache = Cache(cast("Any", None))
        self.cache.put("Node", copy.deepcopy(self.node))

    def call(self, method: str, path: str, *, body: Any = None) -> Any:
        metadata = self.node["metadata"]
        notes = {**metadata["annotations"], **body["metadata"]["annotations"]}
        metadata["annotations"] = {name: value for name, value in notes.items() if value is not None}
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
        self.node["spec"].update(body.get("spec") or {})
        answer = copy.deepcopy(self.node)
        self.cache.put("Node", answer)
        return answer


def standing(at: int, hours: float | None = 1) -> Seen:
    date = None if hours is None else NOW + timedelta(hours=hours)
    event = ScheduledEvent(id="event-1", code="system-reboot", not_before=date, seen_at=NOW + at * SECOND)
    return Seen(instance_id=INSTANCE, maintenance=(event,))


@pytest.mark.parametrize("taken_back", [True, False])
def test_a_maintenance_that_is_called_off_and_stands_again_is_acted_on(taken_back: bool) -> None:
    server, now = Server(), [NOW]
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: now[0])

    def tell(seen: Seen) -> Taken:
        (notice,) = notices(encode(seen), "spot-1", now[0])
        return intake.take(notice)

    seen = standing(0)
    assert tell(seen) is Taken.FENCED
    now[0] += SECOND
    seen = succeed(seen, NOTHING, now[0])
    assert tell(seen) is Taken.CALLED_OFF
    now[0] += SECOND
    seen = succeed(seen, standing(2), now[0])
    if not taken_back:
        # Its pods are on their way back: told again until they are.
        with pytest.raises(TemporaryError):
            tell(seen)
    server.call("PATCH", "", body=doomed_node.unfence(server.node))
    assert names.INTERRUPTION not in server.node["metadata"]["annotations"]
    assert tell(seen) is Taken.FENCED
    assert tell(seen) is Taken.KNOWN


def keys(server: Server) -> list[str]:
    return [each["key"] for each in server.node["spec"]["taints"]]


@pytest.mark.parametrize("hours", [5, None])
def test_a_maintenance_that_is_put_off_frees_its_node_until_it_comes(hours: float | None) -> None:
    server = Server()
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW)

    def tell(seen: Seen) -> Taken:
        (notice,) = notices(encode(seen), "spot-1", NOW)
        return intake.take(notice)

    assert tell(standing(0, 0.1)) is Taken.FENCED
    assert keys(server) == [names.INTERRUPTED]
    assert tell(standing(0, hours)) is Taken.PUT_OFF
    assert keys(server) == [names.AT_RISK]
    assert tell(standing(0, hours)) is Taken.KNOWN
    assert tell(standing(0, 0.1)) is Taken.WORSE
    assert keys(server) == [names.INTERRUPTED]


def test_a_maintenance_without_a_date_only_has_its_node_avoided() -> None:
    server = Server()
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW)
    (notice,) = notices(encode(standing(0, None)), "spot-1", NOW)
    assert intake.take(notice) is Taken.FENCED
    assert keys(server) == [names.AT_RISK]


def of_instance(**more: Any) -> Server:
    server = Server()
    server.node["spec"]["providerID"] = f"aws:///local-a/{INSTANCE}"
    server.node["metadata"]["resourceVersion"] = "2"
    server.node |= more
    server.cache.put("Node", copy.deepcopy(server.node))
    return server


@pytest.mark.parametrize(
    ("kind", "gone"), [(Kind.STOPPING, True), (Kind.STOPPING, False), (Kind.SPOT_INTERRUPTION, False)]
)
@pytest.mark.parametrize(("ready_at", "taken"), [(-9, Taken.FENCED), (-1, Taken.OVER)])
def test_that_an_instance_was_stopped_is_old_news_once_its_node_has_come_up_again(
    kind: Kind, gone: bool, ready_at: int, taken: Taken
) -> None:
    since = zulu(NOW + timedelta(minutes=ready_at))
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": since}
    server, stopped_at = of_instance(status={"conditions": [ready]}), NOW - timedelta(minutes=5)
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW)
    notice = Notice(INSTANCE, kind, "sqs", stopped_at, deadline=stopped_at, gone=gone)
    assert intake.take(notice) is taken
    assert bool(server.node["spec"].get("taints")) is (taken is Taken.FENCED)


def test_trouble_with_a_nodes_hardware_has_its_pods_leave_at_once() -> None:
    server = of_instance()
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW)
    assert intake.take(Notice(INSTANCE, Kind.MAINTENANCE, "sqs", NOW)) is Taken.FENCED
    assert keys(server) == [names.INTERRUPTED]
    state = doomed_node.read(server.node)
    assert state is not None and state.interruption.deadline == NOW + timedelta(minutes=15)


def a_maintenance(date: timedelta | None, source: str, at: int, **more: Any) -> Notice:
    deadline = None if date is None else NOW + date
    noticed_at = NOW + at * SECOND
    return Notice(INSTANCE, Kind.MAINTENANCE, source, noticed_at, deadline, undated=deadline is None, **more)


def call_off_by_hand(server: Server, at: int) -> None:
    """As the handler does it when an operator says so."""
    state = doomed_node.read(server.node)
    assert state is not None
    server.call("PATCH", "", body=doomed_node.call_off(server.node, state, NOW + at * SECOND))


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize("taken_back", [True, False])
@pytest.mark.parametrize("date", [HOUR, None])
def test_what_an_operator_has_called_off_begins_nothing_anew_whoever_tells_it(
    date: timedelta | None, taken_back: bool
) -> None:
    server = of_instance()
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW + 60 * SECOND)
    assert intake.take(a_maintenance(date, "metadata", 0)) is Taken.FENCED
    call_off_by_hand(server, 10)
    if taken_back:
        server.call("PATCH", "", body=doomed_node.unfence(server.node))
    before = copy.deepcopy(server.node)
    # A controller that has just begun to lead reads what EC2 tells for the first time.
    for source, at in (("metadata", 0), ("sqs", 5), ("ec2", 20), ("sqs", 30)):
        assert (
            intake.take(a_maintenance(date, source, at, event="e" if source == "sqs" else "")) is Taken.OVER
        )
    assert server.node == before


@pytest.mark.parametrize("source", ["metadata", "ec2", "sqs"])
def test_one_with_another_date_begins_though_it_was_noticed_before(source: str) -> None:
    server = of_instance()
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW + 60 * SECOND)
    assert intake.take(a_maintenance(HOUR, "metadata", 0)) is Taken.FENCED
    call_off_by_hand(server, 10)
    server.call("PATCH", "", body=doomed_node.unfence(server.node))
    assert intake.take(a_maintenance(HOUR, source, 0)) is Taken.OVER
    assert intake.take(a_maintenance(DAY, source, 0)) is Taken.FENCED
    # And what was called off is still known as old beside it.
    assert intake.take(a_maintenance(HOUR, "ec2", 50)) is Taken.OVER
    state = doomed_node.read(server.node)
    assert state is not None and state.interruption.deadline == NOW + DAY


def test_what_a_source_calls_off_another_one_does_not_begin_anew_for_being_slower() -> None:
    server = of_instance()
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW + 60 * SECOND)
    assert intake.take(a_maintenance(HOUR, "metadata", 0)) is Taken.FENCED
    assert intake.take(a_maintenance(HOUR, "metadata", 10, called_off=True)) is Taken.CALLED_OFF
    assert intake.take(a_maintenance(HOUR, "ec2", 20)) is Taken.OVER
    server.call("PATCH", "", body=doomed_node.unfence(server.node))
    assert intake.take(a_maintenance(HOUR, "ec2", 20)) is Taken.OVER
    assert intake.take(a_maintenance(HOUR, "metadata", 90)) is Taken.FENCED


def test_what_another_source_had_planned_for_another_day_is_not_called_off_with_it() -> None:
    server = of_instance()
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW + 60 * SECOND)
    assert intake.take(a_maintenance(HOUR, "metadata", 0)) is Taken.FENCED
    assert intake.take(a_maintenance(DAY, "ec2", 1)) is Taken.WORSE
    assert intake.take(a_maintenance(HOUR, "metadata", 10, called_off=True)) is Taken.CALLED_OFF
    server.call("PATCH", "", body=doomed_node.unfence(server.node))
    assert intake.take(a_maintenance(DAY, "ec2", 1)) is Taken.FENCED


def test_a_spot_notice_that_was_called_off_is_old_from_every_source_and_the_next_is_not() -> None:
    server = of_instance()
    intake = Intake(cast("Any", server), server.cache, Policy(), lambda: NOW + 60 * SECOND)

    def told(source: str, at: int, ahead: int = 120, kind: Kind = Kind.SPOT_INTERRUPTION) -> Taken:
        noticed_at = NOW + at * SECOND
        return intake.take(Notice(INSTANCE, kind, source, noticed_at, noticed_at + ahead * SECOND))

    assert told("sqs", 0) is Taken.FENCED
    call_off_by_hand(server, 30)
    server.call("PATCH", "", body=doomed_node.unfence(server.node))
    for source, at, ahead in (("sqs", 0, 120), ("metadata", 1, 122), ("metadata", 40, 82)):
        assert told(source, at, ahead) is Taken.OVER
    # A rebalance that came before it was part of it. New is the market's next word, or that the machine ends.
    assert told("metadata", -60, kind=Kind.REBALANCE) is Taken.OVER
    before = copy.deepcopy(server.node)
    assert told("sqs", 600) is Taken.FENCED
    server.node = before
    server.node["metadata"]["resourceVersion"] = "50"
    server.cache.put("Node", copy.deepcopy(before))
    assert told("sqs", 20, 0, Kind.STOPPING) is Taken.FENCED

"""What EC2's descriptions of instances say."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from spot.errors import PermanentError, TemporaryError, for_each
from spot.interruption import Kind, Notice
from spot.sources.reconcile import Reconcile, event_notices, state_notices

ONE, OTHER = "i-1234567890abcdef0", "i-0b662ef9931388ba0"
NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
NONE: frozenset[str] = frozenset()


def event(description: str = "", days: int = 1) -> dict[str, Any]:
    return {"Code": "system-reboot", "Description": description, "NotBefore": NOW + timedelta(days=days)}


@pytest.mark.parametrize(
    ("state", "gone"),
    [("stopping", False), ("shutting-down", False), ("stopped", True), ("terminated", True)],
)
def test_an_instance_on_its_way_out_is_a_notice(state: str, gone: bool) -> None:
    (notice,) = state_notices({ONE: state, OTHER: "running"}, NONE, NOW)
    assert (notice.instance_id, notice.kind, notice.gone) == (ONE, Kind.STOPPING, gone)


def test_an_instance_unknown_for_the_first_time_is_not_gone() -> None:
    assert list(state_notices({ONE: None, OTHER: "running"}, NONE, NOW)) == []
    (notice,) = state_notices({ONE: None, OTHER: "running"}, frozenset({ONE}), NOW)
    assert notice.gone


def test_the_next_event_is_the_deadline() -> None:
    (notice,) = event_notices([(ONE, [event(days=9), event(days=2)])], NOW)
    assert (notice.kind, notice.deadline) == (Kind.MAINTENANCE, NOW + timedelta(days=2))
    assert not notice.called_off


def test_an_event_without_a_date_is_undated() -> None:
    (notice,) = event_notices([(ONE, [{"Code": "instance-stop"}])], NOW)
    assert (notice.deadline, notice.undated, notice.called_off) == (None, True, False)
    (notice,) = event_notices([(ONE, [{"Code": "instance-stop"}, event()])], NOW)
    assert not notice.undated and notice.deadline


@pytest.mark.parametrize("word", ["[Completed]", "[Canceled]"])
def test_an_event_that_is_over_calls_off_unless_another_stands(word: str) -> None:
    over = event(f"{word} The instance is scheduled for system-reboot")
    assert [notice.called_off for notice in event_notices([(ONE, [over])], NOW)] == [True]
    assert [notice.called_off for notice in event_notices([(ONE, [over, event()])], NOW)] == [False]


def test_an_instance_without_events_says_nothing() -> None:
    assert list(event_notices([(ONE, [])], NOW)) == []


def test_one_that_could_not_be_told_hides_no_other_and_is_told_of_in_the_end() -> None:
    taken: list[str] = []

    def take(notice: Notice) -> None:
        if notice.instance_id == ONE:
            raise TemporaryError("its Node changes too fast")
        taken.append(notice.instance_id)

    with pytest.raises(TemporaryError):
        for_each(state_notices({ONE: "stopping", OTHER: "stopping"}, NONE, NOW), take)
    assert taken == [OTHER]


class NoEvents:
    """An EC2 whose events the handler may not read; `stopped` is set once it was asked `times` for them."""

    def __init__(self, states: dict[str, str | None], times: int) -> None:
        self.stopped, self._states, self._left = threading.Event(), states, times

    def states(self, instance_ids: Iterable[str]) -> dict[str, str | None]:
        return self._states

    def events(self, running: Iterable[str]) -> Any:
        self._left -= 1
        if not self._left:
            self.stopped.set()
        raise PermanentError("AWS did not describe the status of instances: UnauthorizedOperation")


def test_what_has_ended_is_told_though_the_events_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spot.sources.reconcile.FIRST_PAUSE_SECONDS", 0.001)
    ec2, told = NoEvents({ONE: "terminated", OTHER: None}, times=3), list[Notice]()
    source = Reconcile(cast("Any", ec2), CollectorRegistry())
    source.follow(lambda: [ONE, OTHER], told.extend, ec2.stopped)
    # What EC2 does not know is not gone for that: these reads came too soon after one another.
    assert [(notice.instance_id, notice.gone) for notice in told] == [(ONE, True)] * 3
    assert len({notice.noticed_at for notice in told}) == 1

"""The outbox: nobody waits for the portal, nothing is lost while it is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from spot.errors import PermanentError, TemporaryError
from spot.outbox import Outbox
from spot.reporting import Record

PATIENCE_SECONDS = 300


def record(name: str, revision: int = 1) -> dict[str, Any]:
    return {"id": name, "revision": revision, "pods": []}


class Portal:
    """Takes what it gets once its gate is open; `troubles` come first."""

    def __init__(self, *troubles: Exception) -> None:
        self.troubles = list(troubles)
        self.tried: list[tuple[str, int]] = []
        self.heard: list[tuple[str, int]] = []
        self.gate = threading.Event()
        self.news = threading.Condition()

    def send(self, record: Record) -> None:
        with self.news:
            self.tried.append((str(record["id"]), int(record["revision"])))
            self.news.notify_all()
        assert self.gate.wait(PATIENCE_SECONDS)
        if self.troubles:
            raise self.troubles.pop(0)

    def delivered(self, name: str, revision: int) -> None:
        with self.news:
            self.heard.append((name, revision))
            self.news.notify_all()

    def wait(self, for_: Callable[[], bool]) -> None:
        with self.news:
            assert self.news.wait_for(for_, PATIENCE_SECONDS)


def test_whoever_puts_in_does_not_wait_and_the_newest_goes_out() -> None:
    portal = Portal()
    outbox = Outbox(portal, portal.delivered)
    outbox.start()
    outbox.put(record("a", 1))
    portal.wait(lambda: portal.tried == [("a", 1)])
    for revision in (2, 3, 4):
        outbox.put(record("a", revision))
    assert outbox.pending == 1
    portal.gate.set()
    portal.wait(lambda: portal.heard == [("a", 1), ("a", 4)])
    assert outbox.stop(PATIENCE_SECONDS) == 0


def test_a_record_that_changes_after_it_was_put_in_is_sent_as_it_was() -> None:
    portal = Portal()
    outbox = Outbox(portal, portal.delivered)
    mine = record("a", 1)
    outbox.put(mine)
    mine["revision"] = 7
    portal.gate.set()
    outbox.start()
    assert outbox.stop(PATIENCE_SECONDS) == 0
    assert portal.heard == [("a", 1)]


def test_after_trouble_it_is_tried_again_by_itself() -> None:
    portal = Portal(TemporaryError("busy"))
    portal.gate.set()
    outbox = Outbox(portal, portal.delivered)
    outbox.start()
    outbox.put(record("a"))
    portal.wait(lambda: portal.heard == [("a", 1)])
    assert portal.tried == [("a", 1), ("a", 1)]
    assert outbox.stop(PATIENCE_SECONDS) == 0


def test_no_error_ends_the_outbox_and_what_is_refused_is_kept() -> None:
    portal = Portal(PermanentError("bad"), RuntimeError("a mistake"))
    portal.gate.set()
    outbox = Outbox(portal, portal.delivered)
    outbox.start()
    for name in ("a", "b", "c"):
        outbox.put(record(name))
    portal.wait(lambda: portal.heard == [("c", 1)])
    assert outbox.pending == 2
    assert outbox.stop(PATIENCE_SECONDS) == 0
    assert portal.heard == [("c", 1), ("a", 1), ("b", 1)]


def test_a_listener_that_fails_does_not_stop_the_deliveries() -> None:
    portal = Portal()
    portal.gate.set()

    def delivered(name: str, revision: int) -> None:
        portal.delivered(name, revision)
        raise TemporaryError("the API server is away")

    outbox = Outbox(portal, delivered)
    outbox.start()
    outbox.put(record("a"))
    outbox.put(record("b"))
    portal.wait(lambda: portal.heard == [("a", 1), ("b", 1)])
    assert outbox.stop(PATIENCE_SECONDS) == 0


def test_stopping_does_not_wait_longer_than_it_may() -> None:
    portal = Portal()
    outbox = Outbox(portal, portal.delivered)
    outbox.start()
    outbox.put(record("a"))
    portal.wait(lambda: bool(portal.tried))
    assert outbox.stop(0.01) == 1
    portal.gate.set()


def test_stopping_one_that_never_started_tells_what_waits() -> None:
    portal = Portal()
    outbox = Outbox(portal, portal.delivered)
    outbox.put(record("a"))
    assert outbox.stop(0) == 1

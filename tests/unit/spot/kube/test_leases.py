"""Who leads stops before another begins, whatever becomes of requests and processes in between."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spot.errors import Conflict, Missing, TemporaryError
from spot.kube.lease import Lease


class Server:
    """One Lease, and a time that all live by. `slow` passes on the way there and on the way back."""

    def __init__(self) -> None:
        self.now, self.slow, self.version = 100.0, 0.0, 0
        self.lease: dict[str, Any] | None = None
        self.fault: Callable[[str], Exception | None] = lambda method: None

    def alone(self) -> Server:
        return self

    def call(self, method: str, path: str, *, body: Any = None, **_: Any) -> Any:
        self.now += self.slow
        if error := self.fault(method):
            raise error
        if method == "GET" and self.lease is None:
            raise Missing("no lease")
        if method == "POST" and self.lease is not None:
            raise Conflict("there is one")
        if method == "PATCH" and body["metadata"]["resourceVersion"] != str(self.version):
            raise Conflict("changed")
        if method != "GET":
            self.version += 1
            spec = {**(self.lease or {}).get("spec", {}), **body["spec"], "written": self.version}
            self.lease = {"metadata": {"resourceVersion": str(self.version)}, "spec": spec}
            # The tests' clock decides when it was renewed, not the machine's.
            self.lease["spec"]["renewTime"] = str(self.version)
        self.now += self.slow
        return copy.deepcopy(self.lease)


def of(server: Server, name: str) -> Lease:
    return Lease(cast("Any", server), "madang", "spot-controller", name, clock=lambda: server.now)


def test_the_first_takes_it_and_the_other_waits() -> None:
    server = Server()
    one, other = of(server, "one"), of(server, "other")
    assert not one.held
    assert one.hold() and one.held
    assert not other.hold() and not other.held


def test_a_holder_counts_from_when_its_renewal_was_sent() -> None:
    server = Server()
    one = of(server, "one")
    assert one.hold()
    server.slow = 1.5
    # Its answer, and the one before it, took three seconds each: a second of four is left.
    asked_at = server.now
    assert one.hold()
    assert server.now == asked_at + 6
    assert one.held
    server.now += 1
    assert not one.held


def test_a_holder_that_stood_still_knows_that_its_time_is_over() -> None:
    server = Server()
    one = of(server, "one")
    assert one.hold()
    server.now += one.lead_seconds
    assert not one.held
    # Nobody took it meanwhile.
    assert one.hold() and one.held


def test_a_holder_that_cannot_renew_leads_no_more_before_another_may_take_it() -> None:
    server = Server()
    one, other = of(server, "one"), of(server, "other")
    assert one.hold() and not other.hold()
    server.fault = lambda method: TemporaryError("busy") if method == "PATCH" else None
    while one.held:
        server.now += 0.5
        with pytest.raises(TemporaryError):
            one.hold()
        assert not other.hold()
    server.fault = lambda method: None
    server.now += other.duration_seconds
    assert other.hold() and not one.hold()
    assert other.held and not one.held


def test_one_that_sees_another_holding_it_leads_no_more_at_once() -> None:
    server = Server()
    one, other = of(server, "one"), of(server, "other")
    assert one.hold()
    assert server.lease is not None
    server.lease["spec"]["holderIdentity"] = ""
    assert other.hold()
    assert not one.hold() and not one.held


def test_what_is_released_is_held_no_more_and_free_at_once() -> None:
    server = Server()
    one, other = of(server, "one"), of(server, "other")
    assert one.hold()
    one.release()
    assert not one.held
    assert other.hold()


STEPS = st.tuples(st.sampled_from(["one", "other"]), st.sampled_from(["hold", "still"]), st.floats(0, 5))


@given(st.lists(STEPS, max_size=40), st.floats(0, 3))
def test_two_never_hold_it_at_once(steps: list[tuple[str, str, float]], slow: float) -> None:
    server = Server()
    leases = {name: of(server, name) for name in ("one", "other")}
    for name, what, seconds in steps:
        if what == "hold":
            server.slow = slow
            leases[name].hold()
        server.now += seconds
        assert not all(each.held for each in leases.values())

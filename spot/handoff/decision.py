"""What to do next with one pod of a doomed node: the one decision of a handoff. Pure.

Every answer follows from what is on the API server now, so that a handler that starts anew goes on where
the last one stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from spot.handoff.group import Timing
from spot.handoff.scene import Doomed
from spot.handoff.way import Way


@dataclass(frozen=True)
class Detach:
    """Take the hash away: the ReplicaSet makes a replacement, the pod serves on."""

    pod: Doomed


@dataclass(frozen=True)
class Unserve:
    """Take away the labels that Services select."""

    pod: Doomed


@dataclass(frozen=True)
class Evict:
    """End the pod. `grace` None: its own. `insist`: not even a budget holds it back."""

    pod: Doomed
    grace: timedelta | None
    insist: bool
    reason: str


@dataclass(frozen=True)
class Mark:
    """Tell whoever follows a build that its node goes at `until`."""

    pod: Doomed
    until: datetime


Action = Detach | Unserve | Evict | Mark

# Of the time that is left, what nobody is promised: the way of a request to the kubelet.
UNPROMISED = timedelta(seconds=2)


def decide(pod: Doomed, deadline: datetime, timing: Timing, now: datetime) -> Action | None:
    """The next step of one pod; None: nothing but to wait."""
    if pod.going or pod.way is Way.LEAVE:
        return None
    late = is_late(pod, deadline, timing, now)
    if pod.way is Way.BUILD:
        return _build(pod, deadline, timing, now)
    if pod.way is Way.EVICT:
        return _evict(pod, deadline, now, insist=late, reason=pod.reason)
    if not pod.detached:
        return Detach(pod)
    return _hand_off(pod, deadline, timing, now, late)


def is_late(pod: Doomed, deadline: datetime, timing: Timing, now: datetime) -> bool:
    """From here on the pod's own grace would not fit before the end of its node."""
    return now >= deadline - min(pod.grace, timing.longest_grace) - timing.late_margin


def is_last_moment(pod: Doomed, deadline: datetime, timing: Timing, now: datetime) -> bool:
    """When even the last pod that serves has to go, so that no request meets its end, in its own words."""
    margin = max(timing.late_margin, timing.unserve + UNPROMISED)
    return now >= deadline - min(pod.grace, timing.last_grace) - margin


def _hand_off(pod: Doomed, deadline: datetime, timing: Timing, now: datetime, late: bool) -> Action | None:
    group = pod.group
    if group is None:
        return _evict(pod, deadline, now, insist=late, reason="unmanaged")
    if pod.unserved_at is not None:
        quiet = not pod.listed and now >= pod.unserved_at + max(timing.unserve, timing.linger)
        if quiet or (late and now >= pod.unserved_at + timing.unserve) or now >= deadline - UNPROMISED:
            return _evict(pod, deadline, now, insist=late, reason="")
        return None
    if not pod.ready:
        # Nobody new comes to it; it may yet become ready before its replacement does.
        if group.whole and pod.runs and pod.served and not late:
            # It may be at work on what it was asked before, and answer no probe for that.
            return Unserve(pod)
        if group.whole or is_last_moment(pod, deadline, timing, now):
            return _evict(pod, deadline, now, insist=late, reason="not-ready")
        return None
    # Until its controllers know that it is detached they may count it, and end another one in its favour.
    settled = pod.detached_at is None or now >= pod.detached_at + timing.settle
    if settled and group.may_go(pod.uid):
        return Unserve(pod) if pod.served else _evict(pod, deadline, now, insist=late, reason="")
    if is_last_moment(pod, deadline, timing, now):
        # What it does in its grace is better than an end in the middle of a word, and nobody new may come to
        # it then: where its visitors are sent still, they are for as long as the data plane needs. Half of
        # its last grace is its own even so: what is asked may hang, or the notice have come late.
        if pod.served and now < deadline - min(pod.grace, timing.last_grace) / 2 - UNPROMISED:
            return Unserve(pod)
        return _evict(pod, deadline, now, insist=True, reason=group.blocked or "replacement-late")
    return None


def _build(pod: Doomed, deadline: datetime, timing: Timing, now: datetime) -> Action | None:
    if not pod.started or now >= deadline - timing.build_margin:
        return _evict(
            pod, deadline, now, insist=now >= deadline - timing.late_margin, reason="node-reclaimed"
        )
    if pod.marked_until is None or abs(pod.marked_until - deadline) > timing.settle:
        return Mark(pod, deadline)
    return None


def _evict(pod: Doomed, deadline: datetime, now: datetime, *, insist: bool, reason: str) -> Evict:
    left = deadline - now - UNPROMISED
    grace = max(left, timedelta(seconds=1)) if insist and left < pod.grace else None
    return Evict(pod, grace, insist, reason)

"""A new pod that the club's quota keeps out: the club's own doing, or a handoff's that passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from deployer.rollout import failure
from deployer.rollout.following import Following
from deployer.rollout.observation import Activity, Observation, sentence
from deployer.rollout.order import RolloutOutcome
from tests.unit.deployer.orders import ROLLOUT_SETTINGS, rollout_order

REFUSED = (
    'pods "blog-x" is forbidden: exceeded quota: budget, '
    "requested: limits.memory=1Gi,pods=1, used: limits.memory=2Gi,pods=2, limited: limits.memory=2Gi,pods=2"
)
SEEN = Observation(
    fence=7, replicas=1, ready=0, complete=False, refused=REFUSED, pods=(), activity=Activity.WAITING_FOR_NODE
)


def following() -> Following:
    nothing = cast("Any", None)
    return Following(nothing, ROLLOUT_SETTINGS, nothing, rollout_order(), print, lambda: False)


def verdict(one: Following, passed: float, refused: str = REFUSED) -> RolloutOutcome | None:
    return one._verdict(replace(SEEN, refused=refused), passed)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (REFUSED, True),
        (REFUSED.replace("memory=1Gi", "memory=3Gi"), False),
        (REFUSED.replace("limits.memory=1Gi,", ""), True),
        ("exceeded quota: budget", False),
        ("exceeded quota: budget, requested: pods, used: pods, limited: pods", False),
    ],
)
def test_a_quota_lets_in_later_what_would_fit_alone(message: str, expected: bool) -> None:
    assert failure.passes(message) is expected


def test_a_rollout_waits_while_a_handoff_takes_the_clubs_room_twice() -> None:
    one = following()
    assert verdict(one, ROLLOUT_SETTINGS.wait_deadline_seconds) is None
    over = verdict(one, 1)
    assert over is not None and over.state == "failed"
    assert over.explanation is not None and over.explanation.reason == "over-budget"
    assert sentence(SEEN, 8080, None) == "0 of 1 ready; the cluster lets no new pod in yet"


def test_what_will_never_fit_has_failed_at_once() -> None:
    over = verdict(following(), 0, REFUSED.replace("memory=1Gi", "memory=3Gi"))
    assert over is not None and over.state == "failed"

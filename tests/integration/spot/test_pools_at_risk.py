"""Two nodes of a pool are called back: new pods avoid the third for a while, if there is other room."""

from __future__ import annotations

from typing import Any

from spot import names, pods
from tests.integration.spot.conftest import Led
from tests.integration.spot.played_portal import PlayedPortal
from tests.integration.spot.stage import Stage, end, eventually

JsonMap = dict[str, Any]
TAINT = {"key": "madang.dev/at-risk", "value": "pool", "effect": "PreferNoSchedule"}


def taints(stage: Stage, node: str) -> list[JsonMap]:
    return list(stage.get("Node", node)["spec"].get("taints") or [])


def test_the_rest_of_a_pool_is_avoided_until_it_has_been_quiet(
    stage: Stage, portal: PlayedPortal, led: Led
) -> None:
    first, second = stage.node("first", pool=stage.namespace), stage.node("second", pool=stage.namespace)
    rest, elsewhere = stage.node("rest", pool=stage.namespace), stage.node("elsewhere", pool="other")
    with led(pool_quiet_seconds=3600):
        stage.interrupt(first)
        stage.interrupt(second)
        eventually(lambda: taints(stage, rest) == [TAINT], "the rest of the pool avoided")
        assert taints(stage, elsewhere) == []
        stage.wait_scheduler()
        stage.deploy("blog")
        assert [pods.node(pod) for pod in stage.pods("blog")] == [elsewhere]
        stage.patch(f"/api/v1/nodes/{elsewhere}", {"spec": {"unschedulable": True}})
        stage.wait_scheduler()
        stage.deploy("wiki")
        assert [pods.node(pod) for pod in stage.pods("wiki")] == [rest]
        end(stage, portal, first, second)
        assert taints(stage, rest) == [TAINT]
    # Another leader, whose operator thinks otherwise: what the last one set ends by itself.
    with led(pool_quiet_seconds=0):
        eventually(lambda: taints(stage, rest) == [], "the pool open again")
    assert names.POOL_AT_RISK_UNTIL not in pods.notes(stage.get("Node", rest))

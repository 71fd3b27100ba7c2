"""What a pusher hears of a build's node."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.build.reclaim import INTERRUPTED_UNTIL, MAY_FINISH, STARTS_AGAIN, news


def pod(phase: str = "Running", *, interrupted: bool = False, because: str = "", status: str = "True") -> Any:
    annotations = {INTERRUPTED_UNTIL: "2026-11-25T03:02:00Z"} if interrupted else {}
    conditions = [{"type": "PodScheduled", "status": "True"}]
    if because:
        conditions.append({"type": "DisruptionTarget", "status": status, "reason": because})
    return {
        "metadata": {"uid": "u", "annotations": annotations},
        "status": {"phase": phase, "conditions": conditions},
    }


@pytest.mark.parametrize(
    ("pod", "said"),
    [
        (pod(), []),
        (pod(interrupted=True), [MAY_FINISH]),
        (pod("Pending", interrupted=True), [MAY_FINISH]),
        (pod(because="EvictionByEvictionAPI"), [STARTS_AGAIN]),
        (pod("Failed", because="EvictionByEvictionAPI"), [STARTS_AGAIN]),
        (pod(interrupted=True, because="EvictionByEvictionAPI"), [STARTS_AGAIN]),
        (pod("Failed", interrupted=True, because="DeletionByPodGC"), [STARTS_AGAIN]),
        # Told as a lost machine once the next pod is there.
        (pod("Failed", because="DeletionByPodGC"), []),
        (pod(because="EvictionByEvictionAPI", status="False"), []),
        # It did finish, or failed of itself.
        (pod("Succeeded", interrupted=True), []),
        (pod("Succeeded", because="EvictionByEvictionAPI"), []),
        (pod("Failed", interrupted=True), []),
        ({"metadata": {"uid": "u"}}, []),
    ],
)
def test_only_what_is_new_to_the_pusher_is_said(pod: Any, said: list[str]) -> None:
    assert list(news(pod).values()) == said

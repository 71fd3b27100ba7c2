"""Reading all apps at once, from what the API server gives."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.kube.quantity import amount
from deployer.rollout.apps import Use, endings, usage

LABELS = {"madang.dev/club": "robotics", "madang.dev/project": "site", "madang.dev/release": "4"}


def pod(name: str, labels: dict[str, str] = LABELS, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "club-robotics", "uid": f"uid-{name}", "labels": labels},
        "status": {"containerStatuses": [{"name": "app", "restartCount": 0, **status}]},
    }


def measured(name: str, cpu: str, memory: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "club-robotics"},
        "containers": [{"name": "app", "usage": {"cpu": cpu, "memory": memory}}],
    }


def test_the_last_end_of_each_copy_that_has_one() -> None:
    ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-02T03:04:05Z"}
    found = endings([pod("a"), pod("b", restartCount=3, lastState={"terminated": ended}), {"metadata": {}}])
    assert [(each.pod, each.restarts, each.exit_code, each.reason, each.release) for each in found] == [
        ("b", 3, 137, "OOMKilled", 4)
    ]
    assert found[0].at.isoformat() == "2026-01-02T03:04:05+00:00"


def test_what_copies_use_is_summed_up_by_project() -> None:
    pods = [pod("a"), pod("b"), pod("release-job", labels={"madang.dev/club": "robotics"})]
    found = usage(
        pods,
        [
            measured("a", "12500000n", "64Mi"),
            measured("b", "250m", "1Ki"),
            measured("release-job", "1", "1Gi"),
            measured("gone", "1", "1Gi"),
        ],
    )
    assert found == {("robotics", "site"): Use(2, pytest.approx(262.5), (64 << 20) + 1024)}


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("1", 1), ("5u", 5e-6), ("2Gi", 2 << 30), (None, 0), ("odd", 0)]
)
def test_quantities(text: str | None, value: float) -> None:
    assert amount(text) == pytest.approx(value)

"""A Job that runs one pod to its end: how it bears a lost node, and how it says that it has ended. Pure."""

from __future__ import annotations

from typing import Any

from deployer.kube.objects import JsonMap, at

ONE_POD_AT_A_TIME: dict[str, Any] = {
    "backoffLimit": 0,
    "podReplacementPolicy": "Failed",
    # A node that vanished is nobody's fault: the Job starts the pod again and counts no failure.
    "podFailurePolicy": {
        "rules": [
            {
                "action": "Ignore",
                "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
            }
        ]
    },
}
"""Part of a Job's spec: tried once, but for what its node did; never two pods of it at once."""


def finished(job: JsonMap) -> str | None:
    """ "Complete" or "Failed", once the Job has ended."""
    for condition in at(job, "status", "conditions", default=[]):
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
            return str(condition["type"])
    return None

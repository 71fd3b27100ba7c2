"""Which nodes a pod would rather be on."""

from __future__ import annotations

from typing import Any


def placement(capacity: str) -> dict[str, Any]:
    """Of a pod's spec: nodes of this capacity ("spot", "on-demand") are preferred; "any" is no preference."""
    if capacity == "any":
        return {}
    match = {"key": "karpenter.sh/capacity-type", "operator": "In", "values": [capacity]}
    preference = [{"weight": 50, "preference": {"matchExpressions": [match]}}]
    return {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preference}}}

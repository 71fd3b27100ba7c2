"""Who takes a project's visitors: the ready addresses behind its Service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployer.kube import JsonMap, at

if TYPE_CHECKING:
    from deployer.kube import Kube


def ready_addresses(kube: Kube, namespace: str, service: str) -> int:
    """How many there are, as the ingress controller counts them."""
    slices = kube.find("EndpointSlice", namespace, labels={"kubernetes.io/service-name": service})
    return sum(_ready(each) for each in slices)


def _ready(slice_: JsonMap) -> int:
    endpoints = slice_.get("endpoints") or []
    return sum(
        len(each.get("addresses") or [])
        for each in endpoints
        if at(each, "conditions", "ready", default=True)
    )

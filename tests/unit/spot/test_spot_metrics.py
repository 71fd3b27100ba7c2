"""What the controller tells Prometheus, and for how long."""

from __future__ import annotations

from typing import Any, cast

from spot.kube import Cache
from spot.metrics import Metrics
from spot.record import PodRecord, Record
from tests.unit.spot.handoff.objects import NOW


def standing(metrics: Metrics) -> set[str]:
    """The gauges that say anything but 0."""
    told = (family for family in metrics.registry.collect() if family.type == "gauge")
    return {sample.name for family in told for sample in family.samples if sample.value}


def test_who_leads_no_more_tells_nothing_of_what_stands_now() -> None:
    """Alerts and panels take the highest of all replicas: an earlier leader's number would stand for ever."""
    metrics, cache = Metrics(), Cache(cast("Any", None))
    held = PodRecord("club-chess", "blog-1", "u-1", "Deployment/blog", blocked_reason="no-room")
    record = Record(
        "int-1", "spot-1", "u-spot-1", "i-1", "spot-interruption", NOW, state="moving", pods=(held,)
    )
    metrics.leader.set(1)
    metrics.looked([record], cache)
    metrics.headroom.labels("want").set(3)
    metrics.fresh_nodes.labels("unheard").set(1)
    for each in (metrics.early_messages, metrics.avoided_nodes, metrics.left_behind):
        each.set(1)
    assert "madang_spot_blocked_pods" in standing(metrics)
    metrics.leads_no_more()
    assert standing(metrics) == set()

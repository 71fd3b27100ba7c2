"""All that the controller tells Prometheus: names, buckets, and where each number comes from."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from spot import names, pods
from spot.interruption import Notice
from spot.kube.cache import Cache
from spot.record import PodRecord, Record
from spot.sources.sqs_metrics import QueueMetrics

if TYPE_CHECKING:
    from spot.controller.intake import Taken

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 300)
disable_created_metrics()  # type: ignore[no-untyped-call]
STATES = ("noticed", "fenced", "moving", "clear", "gone", "cancelled")
FRESH = ("waiting", "unheard")


class Metrics:
    """Numbers of one controller, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.queue = QueueMetrics(registry)
        self.leader = Gauge("madang_spot_leader", "1 while this replica leads.", registry=registry)
        self.failed_looks = Counter(
            "madang_spot_failed_looks", "Looks at the cluster that ended in an error.", registry=registry
        )
        self.notices = Counter(
            "madang_spot_notices",
            "Notices by source, kind, and what they came to.",
            ["source", "kind", "result"],
            registry=registry,
        )
        self.early_messages = Gauge(
            "madang_spot_early_messages",
            "Messages of the queue whose instance is no Node yet; they wait for it for three minutes.",
            registry=registry,
        )
        self.interruptions = Gauge(
            "madang_spot_interruptions", "Open interruptions by state.", ["state"], registry=registry
        )
        self.handoffs = Counter(
            "madang_spot_handoffs", "Pods that left, by way and result.", ["way", "result"], registry=registry
        )
        self.fence_seconds = self._seconds("fence", "From a notice to the fence around its node.")
        self.clear_seconds = self._seconds("clear", "From a notice until nothing had to be moved any more.")
        self.replacement_seconds = self._seconds(
            "replacement", "From detaching a pod to its replacement's readiness."
        )
        self.gap_seconds = self._seconds("gap", "Time in which no pod of a Deployment served, 0 for none.")
        self.blocked_pods = Gauge(
            "madang_spot_blocked_pods",
            "Pods on doomed nodes whose replacement cannot start.",
            registry=registry,
        )
        self.left_behind = Gauge(
            "madang_spot_detached_pods",
            "Pods that are detached from their ReplicaSets now.",
            registry=registry,
        )
        self.requests = Counter(
            "madang_spot_api_requests", "Requests to the API server.", ["verb", "code"], registry=registry
        )
        self.headroom = Gauge(
            "madang_spot_headroom_units", "Units of headroom, wanted and ready.", ["what"], registry=registry
        )
        self.fresh_nodes = Gauge(
            "madang_spot_fresh_nodes",
            "Nodes that wait for their agents before they take pods, or were opened without (unheard).",
            ["state"],
            registry=registry,
        )
        self.avoided_nodes = Gauge(
            "madang_spot_avoided_nodes",
            "Nodes that new pods avoid, as others of their type and zone are taken back.",
            registry=registry,
        )
        self.opening_seconds = self._seconds("opening", "From a node's registration until it takes pods.")
        self.images_ahead = Counter(
            "madang_spot_images_ahead", "Images pulled ahead, by result.", ["result"], registry=registry
        )
        for state in STATES:
            self.interruptions.labels(state)
        for state in FRESH:
            self.fresh_nodes.labels(state)

    def request(self, verb: str, code: str) -> None:
        self.requests.labels(verb, code).inc()

    def notice(self, notice: Notice, taken: Taken) -> None:
        self.notices.labels(notice.source, notice.kind.value, taken.value).inc()

    def told(self, before: Record | None, after: Record) -> None:
        """A record has moved on."""
        if after.fenced_at and (before is None or before.fenced_at is None):
            self.fence_seconds.observe((after.fenced_at - after.noticed_at).total_seconds())
        if after.clear_at and (before is None or before.clear_at is None):
            self.clear_seconds.observe((after.clear_at - after.noticed_at).total_seconds())
        old = {each.uid: each for each in before.pods} if before else {}
        for pod in after.pods:
            self._pod(old.get(pod.uid), pod)

    def looked(self, open_records: Iterable[Record], cache: Cache) -> None:
        """What stands now."""
        records = list(open_records)
        states = Count(each.state for each in records)
        for state in STATES:
            self.interruptions.labels(state).set(states[state])
        self.blocked_pods.set(
            sum(
                bool(pod.blocked_reason) and not pod.done and not pod.ready_at
                for each in records
                for pod in each.pods
            )
        )
        self.left_behind.set(sum(names.HANDOFF in pods.labels(pod) for pod in cache.all("Pod")))

    def leads_no_more(self) -> None:
        """What stands now is the next leader's to tell: of all replicas' numbers the highest counts."""
        for each in (
            self.leader,
            self.early_messages,
            self.blocked_pods,
            self.left_behind,
            self.avoided_nodes,
        ):
            each.set(0)
        for state in STATES:
            self.interruptions.labels(state).set(0)
        for state in FRESH:
            self.fresh_nodes.labels(state).set(0)
        self.headroom.clear()

    def _pod(self, before: PodRecord | None, pod: PodRecord) -> None:
        if pod.done and (before is None or not before.done):
            self.handoffs.labels(pod.way, pod.state).inc()
        if pod.ready_at and pod.detached_at and (before is None or before.ready_at is None):
            self.replacement_seconds.observe(max((pod.ready_at - pod.detached_at).total_seconds(), 0.0))
        if pod.gap_seconds is not None and (before is None or before.gap_seconds is None):
            self.gap_seconds.observe(pod.gap_seconds)

    def _seconds(self, what: str, told: str) -> Histogram:
        return Histogram(f"madang_spot_{what}_seconds", told, buckets=SECONDS, registry=self.registry)

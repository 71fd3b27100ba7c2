"""Opens fresh spot nodes: the taint that they registered with goes once their agents are at work."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from spot import fresh_node, times
from spot.controller.events import event, send
from spot.controller.news import News, Subject
from spot.controller.work import LAST, Work
from spot.errors import Conflict, Missing, TemporaryError
from spot.fresh_node import Opening, Why, opening
from spot.kube.cache import Cache
from spot.kube.connection import Connection
from spot.kube.kinds import KINDS
from spot.metrics import Metrics
from spot.pods import JsonMap

log = logging.getLogger(__name__)
NODE = KINDS["Node"]
READS = 8


class FreshNodes:
    """`agents` is whether this installation has any; without, no node need wait.

    Patience begins `since` this controller runs: a node may be older than the installation.
    """

    def __init__(
        self,
        connection: Connection,
        cache: Cache,
        work: Work,
        metrics: Metrics,
        *,
        agents: bool,
        patience: timedelta,
        since: datetime,
    ) -> None:
        self._connection, self._cache, self._work, self._metrics = connection, cache, work, metrics
        self._agents, self._patience, self._since = agents, patience, since

    def look(self, now: datetime) -> None:
        """Start on each node that may be opened now."""
        nodes = self._cache.all("Node")
        self._metrics.fresh_nodes.labels("waiting").set(sum(map(fresh_node.waits, nodes)))
        self._metrics.fresh_nodes.labels("unheard").set(sum(map(fresh_node.is_unheard, nodes)))
        for node in nodes:
            if self._decide(node, now) is not None:
                self._work.submit(
                    ("Opening", node["metadata"]["uid"]), partial(self._open, node), rest_seconds=0.1
                )

    def _decide(self, node: JsonMap, now: datetime) -> Opening | None:
        return opening(node, agents=self._agents, patience=self._patience, since=self._since, now=now)

    def _open(self, node: JsonMap) -> None:
        path = NODE.path(None, node["metadata"]["name"])
        for _ in range(READS):
            found = self._decide(node, times.now())
            if found is None:
                return
            try:
                self._cache.put("Node", self._connection.call("PATCH", path, body=found.patch))
            except Missing:
                return
            except Conflict:
                # A kubelet says much of a node that is new.
                try:
                    node = self._connection.call("GET", path)
                except Missing:
                    return
                self._cache.put("Node", node)
                continue
            self._tell(node, found)
            return
        raise TemporaryError(f"Node {node['metadata']['name']} changes faster than it can be opened")

    def _tell(self, node: JsonMap, found: Opening) -> None:
        now, name, uid = times.now(), node["metadata"]["name"], node["metadata"]["uid"]
        was_unheard = fresh_node.is_unheard(node)
        if not was_unheard:
            self._metrics.opening_seconds.observe(fresh_node.age(node, now).total_seconds())
        if found.why is Why.UNHEARD:
            waited = f"after {self._patience.total_seconds():.0f} s: {found.trouble}"
            told = f"opened {waited}; notices that only its metadata service gives are not heard"
            log.warning("Node %s: %s", name, told)
            news = News(Subject("Node", "", name), "SpotNodeUnheard", told, warning=True)
        elif was_unheard and found.why is Why.AT_WORK:
            log.info("Node %s: its notices are heard now", name)
            news = News(Subject("Node", "", name), "SpotNodeHeard", "its agent is at work")
        else:
            log.info("Node %s: opened (%s)", name, found.why)
            return
        body = event(news, now, uid)
        self._work.submit(
            ("Event", body["metadata"]["name"]), partial(send, self._connection, body), urgency=LAST
        )

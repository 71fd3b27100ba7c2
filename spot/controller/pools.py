"""Keeps new pods off the nodes of a pool that the spot market takes back, and lets them in again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from spot.controller.events import event, send
from spot.controller.news import News, Subject
from spot.controller.work import LAST, Work
from spot.errors import Missing
from spot.kube.cache import Cache
from spot.kube.connection import Connection
from spot.kube.kinds import KINDS
from spot.metrics import Metrics
from spot.pool import Change, changes, is_avoided

log = logging.getLogger(__name__)
NODE = KINDS["Node"]


class Pools:
    """All state is on the Nodes: a controller that starts anew lifts what the last one set."""

    def __init__(
        self, connection: Connection, cache: Cache, work: Work, metrics: Metrics, quiet: timedelta
    ) -> None:
        self._connection, self._cache, self._work, self._metrics = connection, cache, work, metrics
        self._quiet = quiet

    def look(self, now: datetime) -> None:
        """Start on each node whose pool has become risky, or has been quiet for long enough."""
        nodes = self._cache.all("Node")
        self._metrics.avoided_nodes.set(sum(map(is_avoided, nodes)))
        for each in changes(nodes, self._quiet, now):
            key = ("Pool", each.node["metadata"]["uid"])
            # What is fenced and moved comes first; this only helps those that come later.
            self._work.submit(key, partial(self._write, each, now), urgency=LAST)

    def _write(self, change: Change, now: datetime) -> None:
        name, uid = change.node["metadata"]["name"], change.node["metadata"]["uid"]
        try:
            answer = self._connection.call("PATCH", NODE.path(None, name), body=change.patch)
        except Missing:
            return
        self._cache.put("Node", answer)
        if change.until is None:
            news = News(Subject("Node", "", name), "SpotPoolQuiet", f"{change.pool}: pods may come again")
        elif is_avoided(change.node):
            return
        else:
            told = f"{change.pool} is taken back: new pods go elsewhere until {change.until:%H:%M:%S} UTC"
            news = News(Subject("Node", "", name), "SpotPoolAtRisk", told, warning=True)
        log.info("Node %s: %s", name, news.message)
        body = event(news, now, uid)
        self._work.submit(
            ("Event", body["metadata"]["name"]), partial(send, self._connection, body), urgency=LAST
        )

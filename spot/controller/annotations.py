"""The agents' words on their Nodes as a source of notices: read again whenever they change.

And whenever an interruption has come to nothing: what stood behind it may stand for itself now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from spot import names, pods
from spot.controller.work import Work
from spot.interruption import Notice
from spot.kube.cache import Cache
from spot.sources.annotation import notices


class Annotations:
    """`take` is what a notice goes to; it is asked again until it has had an effect."""

    def __init__(self, cache: Cache, work: Work, take: Callable[[Notice], object]) -> None:
        self._cache, self._work, self._take = cache, work, take
        self._taken: dict[str, tuple[str, str | None]] = {}

    def look(self, now: datetime) -> None:
        """Start on what has changed since the last look."""
        nodes = self._cache.all("Node")
        for node in nodes:
            uid, name = node["metadata"]["uid"], node["metadata"]["name"]
            said, ended = (pods.notes(node).get(each) for each in (names.METADATA, names.ENDED))
            if said is not None and self._taken.get(uid) != (said, ended):
                tell = partial(self._tell, uid, name, said, ended, now)
                self._work.submit(("Notice", uid), tell, rest_seconds=0.1)
        for uid in set(self._taken).difference(node["metadata"]["uid"] for node in nodes):
            self._taken.pop(uid, None)

    def _tell(self, uid: str, name: str, said: str, ended: str | None, now: datetime) -> None:
        for notice in notices(said, name, now):
            self._take(notice)
        self._taken[uid] = (said, ended)

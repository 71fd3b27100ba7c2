"""What is prepared before any notice, now and then: room for a lost node's pods, and their images."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from spot.controller.work import Work
from spot.headroom import Headroom
from spot.kube.cache import Cache
from spot.kube.connection import Connection
from spot.metrics import Metrics
from spot.pulling import ImagesAhead
from spot.settings import AheadSettings

EVERY_SECONDS = 20.0
HURRIED_SECONDS = 3.0


class Ahead:
    """Looks in the background. `hurried` while a node is called back: its images are wanted elsewhere now."""

    def __init__(self, connection: Connection, cache: Cache, work: Work, metrics: Metrics) -> None:
        settings = AheadSettings()
        self._work = work
        self._headroom = Headroom(connection, cache, settings, metrics)
        self._images = ImagesAhead(connection, cache, settings, metrics)

    def look(self, now: datetime, *, hurried: bool) -> None:
        rest = HURRIED_SECONDS if hurried else EVERY_SECONDS
        self._work.submit(("Images", "ahead"), partial(self._images.look, now), rest_seconds=rest)
        self._work.submit(("Headroom", "all"), partial(self._headroom.look, now), rest_seconds=EVERY_SECONDS)

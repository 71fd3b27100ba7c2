"""From a message of the queue to its notices' effect, and only then to its end in the queue.

A spot instance may be called back before it is a Node: its notice waits for that, for a while.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from spot import times
from spot.controller.work import Work
from spot.interruption import Notice
from spot.metrics import Metrics
from spot.sources.sqs import Message, Queue

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=3)
"""A new instance registers within it; what is not a Node by then is none of this cluster."""


@dataclass(frozen=True)
class _Kept:
    """A message that is not through, with those of its notices that have had no effect yet."""

    message: Message
    left: tuple[Notice, ...]


class Deliveries:
    """`take` is what a notice goes to, `knows` whether its instance is a Node.

    What is kept is in the queue still, which gives it again: a controller that ends loses none of it.
    """

    def __init__(
        self,
        queue: Queue,
        work: Work,
        metrics: Metrics,
        *,
        take: Callable[[Notice], object],
        knows: Callable[[Notice], bool],
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        self._queue, self._work, self._metrics = queue, work, metrics
        self._take, self._knows, self._clock = take, knows, clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def deliver(self, message: Message) -> None:
        """Start on it. One that is kept already is acknowledged by its newest delivery. From any thread."""
        with self._lock:
            known = self._kept.get(message.id)
            self._kept[message.id] = _Kept(message, known.left if known else message.reading.notices)
        self._start(message.id)

    def look(self) -> None:
        """Go on with what has waited for long enough, or for a Node that is there now."""
        with self._lock:
            kept = dict(self._kept)
        waiting = {id_ for id_, each in kept.items() if each.left and not self._may_go_on(each)}
        self._metrics.early_messages.set(len(waiting))
        for id_ in kept.keys() - waiting:
            self._start(id_)

    def _may_go_on(self, kept: _Kept) -> bool:
        return self._is_late(kept.message) or any(map(self._knows, kept.left))

    def _is_late(self, message: Message) -> bool:
        return self._clock() - (message.sent_at or message.received_at) >= PATIENCE

    def _start(self, id_: str) -> None:
        self._work.submit(("Message", id_), partial(self._act, id_))

    def _act(self, id_: str) -> None:
        with self._lock:
            kept = self._kept.get(id_)
        if kept is None:
            return
        late, left = self._is_late(kept.message), list[Notice]()
        for notice in kept.left:
            if late or self._knows(notice):
                self._take(notice)
            else:
                left.append(notice)
                log.info("%s of %s waits for its node", notice.kind, notice.instance_id)
        with self._lock:
            # It may have been delivered anew meanwhile.
            kept = replace(self._kept[id_], left=tuple(left))
            self._kept[id_] = kept
        if not left:
            # Only now: its effect is on the API server.
            self._queue.acknowledge(kept.message)
            with self._lock:
                del self._kept[id_]

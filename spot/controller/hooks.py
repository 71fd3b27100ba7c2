"""Lifecycle hooks of Auto Scaling groups: held open while pods move, completed once the node is clear."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from spot import doomed_node
from spot.cloud.autoscaling import AutoScaling
from spot.controller.work import Work
from spot.interruption import LifecycleHook, Notice
from spot.kube.cache import Cache

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 30.0


class Hooks:
    """`groups` None: there is no Auto Scaling group to answer."""

    def __init__(self, cache: Cache, work: Work, groups: AutoScaling | None) -> None:
        self._cache, self._work, self._groups = cache, work, groups
        self._completed: set[str] = set()

    def hold_of(self, notice: Notice) -> timedelta | None:
        """How long the group waits for an answer, or None: unknown. Raises TemporaryError."""
        if self._groups is None or notice.hook is None:
            return None
        seconds = self._groups.timeout_seconds(notice.hook)
        return None if seconds is None else timedelta(seconds=seconds)

    def look(self, now: datetime) -> None:
        """Answer for each node whose end a hook holds back."""
        if self._groups is None:
            return
        for node in self._cache.all("Node"):
            state = doomed_node.read(node)
            end = state.interruption if state else None
            if state is None or end is None or (hook := end.hook) is None:
                continue
            over = end.deadline is not None and now >= end.deadline
            if end.id in self._completed:
                continue
            if state.clear_at is not None or over:
                self._work.submit(
                    ("Complete", end.id), partial(self._complete, end.id, hook, end.instance_id)
                )
            else:
                beat = partial(self._beat, hook, end.instance_id)
                self._work.submit(("Heartbeat", end.id), beat, rest_seconds=HEARTBEAT_SECONDS)

    def _complete(self, interruption: str, hook: LifecycleHook, instance_id: str) -> None:
        if self._groups is not None:
            waited = self._groups.complete(hook, instance_id)
            log.info(
                "the group %s goes on with %s%s",
                hook.group,
                instance_id,
                "" if waited else " (it had already)",
            )
            self._completed.add(interruption)

    def _beat(self, hook: LifecycleHook, instance_id: str) -> None:
        if self._groups is not None:
            self._groups.heartbeat(hook, instance_id)

"""Lifecycle hooks of Auto Scaling groups: held open while pods move, completed once the node is clear."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from spot import doomed_node, pods
from spot.cloud.autoscaling import AutoScaling
from spot.controller.work import Work
from spot.errors import for_each
from spot.interruption import Interruption, Kind, LifecycleHook, Notice
from spot.kube.cache import Cache

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 30.0


class Hooks:
    """`groups` None: there is no Auto Scaling group to answer."""

    def __init__(self, cache: Cache, work: Work, groups: AutoScaling | None) -> None:
        self._cache, self._work, self._groups = cache, work, groups
        # What was answered of each interruption: one more hook may be told later.
        self._completed: dict[str, tuple[LifecycleHook, ...]] = {}

    def hold_of(self, notice: Notice) -> timedelta | None:
        """How long the group waits for an answer, or None: unknown. Raises SpotError."""
        if self._groups is None:
            return None
        told = (notice.hook,) if notice.hook else ()
        hooks = _hooks(self._groups, notice.kind, told, notice.instance_id)
        found = [seconds for hook in hooks if (seconds := self._groups.timeout_seconds(hook)) is not None]
        return timedelta(seconds=min(found)) if found else None

    def look(self, now: datetime) -> None:
        """Answer for each node whose end hooks hold back."""
        if self._groups is None:
            return
        for node in self._cache.all("Node"):
            state = doomed_node.read(node)
            if state is None:
                continue
            end = state.interruption
            if self._completed.get(end.id) == end.hooks:
                continue
            if not end.hooks and end.kind is not Kind.ASG_TERMINATE:
                continue
            if not pods.runs_on(node, end.instance_id, own_word=True):
                continue
            if state.clear_at is not None or (end.deadline is not None and now >= end.deadline):
                self._work.submit(("Complete", end.id), partial(self._complete, self._groups, end))
            else:
                beat = partial(self._beat, self._groups, end)
                self._work.submit(("Heartbeat", end.id), beat, rest_seconds=HEARTBEAT_SECONDS)

    def _complete(self, groups: AutoScaling, end: Interruption) -> None:
        def complete(hook: LifecycleHook) -> None:
            waited = groups.complete(hook, end.instance_id)
            goes_on = "goes on" if waited else "had gone on"
            log.info("the group %s %s with the end of %s", hook.group, goes_on, end.instance_id)

        # One that was removed meanwhile, say, is no reason for the others to wait.
        for_each(_hooks(groups, end.kind, end.hooks, end.instance_id), complete)
        self._completed[end.id] = end.hooks

    def _beat(self, groups: AutoScaling, end: Interruption) -> None:
        hooks = _hooks(groups, end.kind, end.hooks, end.instance_id)
        for_each(hooks, lambda hook: groups.heartbeat(hook, end.instance_id))


def _hooks(
    groups: AutoScaling, kind: Kind, told: tuple[LifecycleHook, ...], instance_id: str
) -> tuple[LifecycleHook, ...]:
    """The hooks that notices told; the metadata service tells of an end, but not of its hooks."""
    if told:
        return told
    return groups.hooks(instance_id) if kind is Kind.ASG_TERMINATE else ()

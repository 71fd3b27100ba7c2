"""From a notice to a fenced node, in one PATCH: what every source's notices pass through."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from spot import doomed_node, pods
from spot.errors import Conflict, Missing, SpotError, TemporaryError
from spot.interruption import Kind, Notice, begin, calls_off, is_old, is_put_off, merge
from spot.kube.cache import Cache
from spot.kube.connection import Connection
from spot.kube.kinds import KINDS
from spot.plan import Policy, plan
from spot.pods import JsonMap

log = logging.getLogger(__name__)
NODE = KINDS["Node"]
READS = 8
# What the instance does not outlive, unless it is stopped or hibernated and comes back.
ENDS = (Kind.SPOT_INTERRUPTION, Kind.STOPPING)


class Taken(StrEnum):
    """What a notice came to."""

    FENCED = "fenced"
    WORSE = "worse"
    PUT_OFF = "put-off"
    KNOWN = "known"
    CALLED_OFF = "called-off"
    OVER = "over"
    UNKNOWN_INSTANCE = "unknown-instance"


class Intake:
    """Takes notices, from any thread. `hold_of` asks how long a lifecycle hook holds its instance."""

    def __init__(
        self,
        connection: Connection,
        cache: Cache,
        policy: Policy,
        clock: Callable[[], datetime],
        hold_of: Callable[[Notice], timedelta | None] = lambda notice: None,
    ) -> None:
        self._connection = connection
        self._cache = cache
        self._policy = policy
        self._clock = clock
        self._hold_of = hold_of

    def knows(self, notice: Notice) -> bool:
        """Whether the instance is a Node of this cluster."""
        return self._node_of(notice) is not None

    def take(self, notice: Notice) -> Taken:
        """Once this returns, the notice's effect is on the API server. Raises TemporaryError: not yet."""
        node = self._node_of(notice)
        if node is None:
            return Taken.UNKNOWN_INSTANCE
        for _ in range(READS):
            taken, patch = self._decide(node, notice)
            if patch is None:
                return taken
            path = NODE.path(None, node["metadata"]["name"])
            try:
                self._cache.put("Node", self._connection.call("PATCH", path, body=patch))
                return taken
            except Missing:
                return Taken.UNKNOWN_INSTANCE
            except Conflict:
                # The kubelet writes its status every few seconds; another handler may have been quicker.
                try:
                    node = self._connection.call("GET", path)
                except Missing:
                    return Taken.UNKNOWN_INSTANCE
                self._cache.put("Node", node)
                if not _speaks_of(notice, node):
                    return Taken.UNKNOWN_INSTANCE
        raise TemporaryError(f"Node {node['metadata']['name']} changes faster than it can be fenced")

    def _decide(self, node: JsonMap, notice: Notice) -> tuple[Taken, JsonMap | None]:
        if notice.kind in ENDS and notice.deadline and doomed_node.has_come_up(node, notice.deadline):
            # The queue gives it late: the instance was started again meanwhile, as the same Node.
            return Taken.OVER, None
        known, now = doomed_node.read(node), self._clock()
        if notice.called_off and (known is None or known.called_off_at):
            return Taken.KNOWN, None
        if known is not None and calls_off(known.interruption, notice):
            return Taken.CALLED_OFF, doomed_node.call_off(node, known, now, notice.source)
        notice = self._with_deadline(notice)
        if not notice.called_off and any(is_old(notice, past) for past in doomed_node.ended(node)):
            return Taken.OVER, None
        if known is None:
            end = begin(notice)
            moves = plan(end, self._policy, now).moves
            return Taken.FENCED, doomed_node.fence(node, end, moves=moves, now=now)
        end = merge(known.interruption, notice)
        moves = plan(end, self._policy, now).moves
        if end == known.interruption and moves == known.moves:
            if known.called_off_at is not None and notice.noticed_at > known.called_off_at:
                # It begins anew, and cannot before the one that was called off is cleared away.
                raise TemporaryError(f"Node {known.name} still takes back what was called off")
            return Taken.KNOWN, None
        taken = Taken.PUT_OFF if is_put_off(known.interruption, end) else Taken.WORSE
        return taken, doomed_node.fence(node, end, moves=moves, now=now)

    def _with_deadline(self, notice: Notice) -> Notice:
        """Notices that do not say when the instance ends get the end that their kind has at the earliest."""
        if notice.deadline is not None or notice.undated or notice.kind is Kind.REBALANCE:
            return notice
        if notice.kind is Kind.MAINTENANCE:
            # Trouble with its hardware: nobody knows how long it still runs, so its pods leave at once.
            return replace(notice, deadline=notice.noticed_at + self._policy.maintenance_lead)
        if notice.kind is Kind.ASG_TERMINATE and (hold := self._held(notice)) is not None:
            return replace(notice, deadline=notice.noticed_at + hold)
        return replace(notice, deadline=plan(begin(notice), self._policy, self._clock()).deadline)

    def _held(self, notice: Notice) -> timedelta | None:
        try:
            return self._hold_of(notice)
        except SpotError as error:
            # The fence does not wait for the cloud.
            log.warning("how long %s is held is not known: %s", notice.instance_id, error)
            return None

    def _node_of(self, notice: Notice) -> JsonMap | None:
        for node in self._cache.all("Node"):
            if _speaks_of(notice, node):
                return node
        return None


def _speaks_of(notice: Notice, node: JsonMap) -> bool:
    """A node's own word counts only for itself."""
    if notice.node is not None and node["metadata"]["name"] != notice.node:
        return False
    return pods.runs_on(node, notice.instance_id, own_word=notice.node is not None)

"""One look and what follows from it: every doomed node, every pod on it, every record."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from spot import doomed_node, names, pods, times
from spot import record as records
from spot.controller.events import event, send
from spot.controller.journal import Journal
from spot.controller.news import news
from spot.controller.work import DONE_SECONDS, LAST, Work
from spot.doomed_node import DoomedNode
from spot.errors import Denied, Missing
from spot.handoff.decision import Action, Detach, Evict, Unserve, decide
from spot.handoff.group import Timing
from spot.handoff.scene import Doomed, Look
from spot.handoff.steps import Steps
from spot.handoff.way import Scope, Way
from spot.kube.cache import Cache
from spot.kube.connection import Connection
from spot.kube.kinds import KINDS
from spot.plan import Plan, Policy, plan
from spot.pods import JsonMap
from spot.record import Record

log = logging.getLogger(__name__)
NODE = KINDS["Node"]
Told = Callable[[Record | None, Record], None]


class Handler:
    """Acts on what the API server has. `report` takes each new revision, `told` hears of each change."""

    def __init__(
        self,
        connection: Connection,
        cache: Cache,
        work: Work,
        journal: Journal,
        *,
        scope: Scope,
        timing: Timing,
        policy: Policy,
        report: Callable[[JsonMap], None],
        told: Told = lambda before, after: None,
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        self._connection, self._cache, self._work, self._journal = connection, cache, work, journal
        self._scope, self._timing, self._policy = scope, timing, policy
        self._report, self._told, self._clock = report, told, clock
        self._steps = Steps(connection, cache)
        self._records: dict[str, Record] = {}
        self._saved: dict[str, int] = {}
        self._delivered: dict[str, int] = {}
        self._dropped: deque[str] = deque()
        # Pods that may not be detached, learnt by trying: another handler tries once more.
        self._denied: set[str] = set()

    @property
    def records(self) -> Mapping[str, Record]:
        """The open ones, by the interruption's id."""
        return self._records

    def resume(self) -> None:
        """What an earlier leader left."""
        self._records = {each.id: each for each in self._journal.load()}
        self._saved = {each.id: each.revision for each in self._records.values()}
        for each in self._records.values():
            self._report(records.to_json(each, whole=False))

    def tick(self, now: datetime) -> bool:
        """Look once and start what is to be done; whether anything is going on.

        Raises what it stumbled over at one node (an ExceptionGroup), once all others have been looked at.
        """
        nodes = {node["metadata"]["name"]: node for node in self._cache.all("Node")}
        doomed, plans, look = self._look(nodes.values(), now)
        actions: list[tuple[Action, DoomedNode, datetime]] = []
        after: dict[str, Record] = {}
        stumbles: dict[str, Exception] = {}
        standing: set[str] = set()
        for state in doomed:
            node, intent = nodes[state.name], plans[state.name]
            try:
                known = self._records.get(state.interruption.id) or records.begin(node, state)
                scene = look.standing_on(state.name, known.moving_at)
                standing |= {pod.uid for pod in scene}
                after[known.id] = records.on_node(known, state, intent.deadline, scene, now)
                actions += self._attend(node, state, intent, scene, now)
            except Exception as error:
                error.add_note(f"at the node {state.name}")
                stumbles[state.interruption.id] = error
        self._denied &= standing
        for action, state, deadline in sorted(actions, key=_urgency):
            self._start(action, state, deadline)
        self._clean_up(nodes.values(), {state.interruption.id for state in doomed})
        self._keep_records(after, nodes, look, now, stumbles)
        if stumbles:
            raise ExceptionGroup("not every interruption could be looked at", list(stumbles.values()))
        return bool(doomed or self._records)

    def _look(
        self, nodes: Iterable[JsonMap], now: datetime
    ) -> tuple[list[DoomedNode], dict[str, Plan], Look]:
        """The nodes that go, what that means for each (by its name), and the cluster around them."""
        doomed = [state for node in nodes if (state := doomed_node.read(node)) is not None]
        plans = {state.name: plan(state.interruption, self._policy, now) for state in doomed}
        moving = {
            state.name: deadline
            for state in doomed
            if state.moves
            and state.called_off_at is None
            and plans[state.name].moves
            and (deadline := plans[state.name].deadline)
        }
        look = Look(self._cache, moving, self._scope, self._timing, now, self._denied)
        return doomed, plans, look

    def delivered(self, interruption: str, revision: int) -> None:
        """The portal has this revision. From any thread."""
        self._delivered[interruption] = revision

    def _attend(
        self, node: JsonMap, state: DoomedNode, intent: Plan, scene: tuple[Doomed, ...], now: datetime
    ) -> Iterable[tuple[Action, DoomedNode, datetime]]:
        if state.called_off_at is not None:
            self._take_back(node, scene)
            return ()
        end = state.interruption
        if intent.over or doomed_node.runs_again(node, end) or doomed_node.is_called_off_by_hand(node, end):
            self._change(node, doomed_node.call_off(node, state, now))
            return ()
        if intent.moves != state.moves:
            self._change(node, doomed_node.fence(node, state.interruption, moves=intent.moves, now=now))
            return ()
        if not state.moves or intent.deadline is None:
            # One that is put off gives back what was on its way.
            self._give_back(scene)
            return ()
        deadline = intent.deadline
        if (
            state.clear_at is None
            and all(pod.way is Way.LEAVE for pod in scene)
            and self._is_told(state.interruption.id)
        ):
            self._change(node, doomed_node.mark(node, replace(state, clear_at=now)))
        found = (decide(pod, deadline, self._timing, now) for pod in scene)
        return [(action, state, deadline) for action in found if action is not None]

    def _is_told(self, interruption: str) -> bool:
        """Whether it is written down that every pod has left: a node that is clear may be gone at once, and
        what it had then would seem lost to a handler that starts anew."""
        record = self._records.get(interruption)
        return (
            record is not None
            and all(pod.done for pod in record.pods)
            and self._saved.get(interruption, 0) >= record.revision
        )

    def _start(self, action: Action, state: DoomedNode, deadline: datetime) -> None:
        whose, rest = action.pod.uid, DONE_SECONDS
        group = action.pod.group
        if isinstance(action, Unserve) and group is not None and group.may_go(whose):
            # One of a Deployment at a time: while the answer is under way the next look still counts this pod
            # as serving, and might choose another whose node has become the first to go. At the last moment
            # none waits for another.
            whose, rest = group.uid, 0.0
        self._work.submit(
            (type(action).__name__, whose),
            partial(self._do, action, state.interruption.id, deadline),
            rest,
            urgency=_urgency((action, state, deadline))[:2],
        )

    def _do(self, action: Action, interruption: str, deadline: datetime) -> None:
        try:
            # By the clock as it is done: it may have waited for its turn.
            self._steps.do(action, interruption, deadline, self._clock(), partial(self._follows, action))
        except Denied:
            if isinstance(action, Detach | Unserve):
                self._denied.add(action.pod.uid)
            raise

    def _follows(self, action: Action) -> bool:
        """Whether it still is what is to be done next.

        While it waited for its turn, or for an API server that was busy, the replacement that it counted on
        may have gone: with its own node, or for a newer release.
        """
        now, pod = self._clock(), self._cache.get("Pod", *action.pod.key)
        if pod is None or pods.uid(pod) != action.pod.uid:
            return False
        _, _, look = self._look(self._cache.all("Node"), now)
        deadline = look.ends(action.pod.node)
        if deadline is None:
            return False
        return type(decide(look.doomed(pod), deadline, self._timing, now)) is type(action)

    def _take_back(self, node: JsonMap, scene: tuple[Doomed, ...]) -> None:
        if not self._give_back(scene):
            self._change(node, doomed_node.unfence(node))

    def _give_back(self, scene: tuple[Doomed, ...]) -> bool:
        """Put back what is on its way; whether anything still is."""
        held = [pod for pod in scene if not pod.going and (pod.detached or pod.marked_until is not None)]
        for pod in held:
            self._work.submit(("Restore", pod.uid), partial(self._steps.restore, pod.raw))
        return bool(held)

    def _change(self, node: JsonMap, patch: JsonMap) -> None:
        def send_it() -> None:
            try:
                answer = self._connection.call("PATCH", NODE.path(None, node["metadata"]["name"]), body=patch)
            except Missing:
                return
            self._cache.put("Node", answer)

        self._work.submit(("Node", node["metadata"]["uid"]), send_it, rest_seconds=0.1)

    def _clean_up(self, nodes: Iterable[JsonMap], active: set[str]) -> None:
        """What belongs to no interruption: a detached pod goes back to its ReplicaSet, a fence comes down."""
        for pod in self._cache.all("Pod"):
            held = pods.labels(pod).get(names.HANDOFF)
            if not held or held in active or pods.is_going(pod):
                continue
            if self._cache.get("Node", "", pods.node(pod)):
                self._work.submit(("Restore", pods.uid(pod)), partial(self._steps.restore, pod))
        for node in nodes:
            if doomed_node.is_fenced(node) and doomed_node.read(node) is None:
                self._change(node, doomed_node.unfence(node))

    def _keep_records(
        self,
        after: Mapping[str, Record],
        nodes: Mapping[str, JsonMap],
        look: Look,
        now: datetime,
        stumbles: dict[str, Exception],
    ) -> None:
        """Of each interruption but those of `stumbles`, to which it adds."""
        for interruption in {*self._records, *after} - stumbles.keys():
            try:
                self._keep_record(interruption, after.get(interruption), nodes, look, now)
            except Exception as error:
                error.add_note(f"at the record {interruption}")
                stumbles[interruption] = error
        while self._dropped:
            interruption = self._dropped.popleft()
            for each in (self._records, self._saved, self._delivered):
                each.pop(interruption, None)

    def _keep_record(
        self,
        interruption: str,
        stands: Record | None,
        nodes: Mapping[str, JsonMap],
        look: Look,
        now: datetime,
    ) -> None:
        known = self._records.get(interruption)
        if stands is None and known is not None:
            if self._is_over(known):
                self._work.submit(("Drop", interruption), partial(self._drop, interruption))
                return
            node = nodes.get(known.node)
            here = node is not None and node["metadata"]["uid"] == known.node_uid
            stands = records.let_go(known, now) if here else records.node_gone(known, now)
        if stands is not None:
            self._put(known, records.serving(stands, look.group, look.ready, now), now)
        if self._saved.get(interruption, 0) < self._records[interruption].revision:
            save = partial(self._save, interruption)
            self._work.submit(("Record", interruption), save, urgency=LAST)

    def _put(self, before: Record | None, after: Record, now: datetime) -> None:
        revised = records.revised(before, after)
        if revised is before:
            return
        self._records[revised.id] = revised
        self._told(before, revised)
        for each in news(before, revised):
            line = log.warning if each.warning else log.info
            line("%s %s/%s: %s", each.reason, each.subject.namespace, each.subject.name, each.message)
            body = event(each, now, revised.id)
            tell = partial(send, self._connection, body)
            self._work.submit(("Event", body["metadata"]["name"]), tell, urgency=LAST)

    def _save(self, interruption: str) -> None:
        record = self._records.get(interruption)
        if record is not None:
            self._journal.save(record)
            self._saved[interruption] = record.revision
            # Only now: a handler that starts anew must not count from below what the portal has.
            self._report(records.to_json(record, whole=False))

    def _is_over(self, record: Record) -> bool:
        """The portal has its last word: it need not be kept, and changes no more."""
        return record.closed and self._delivered.get(record.id, 0) >= record.revision

    def _drop(self, interruption: str) -> None:
        self._journal.drop(interruption)
        self._dropped.append(interruption)


def _urgency(each: tuple[Action, DoomedNode, datetime]) -> tuple[int, int, datetime]:
    """Replacements take longest: they start first, those of sole replicas before all others."""
    action, _, deadline = each
    group = action.pod.group
    order = {Detach: 1, Unserve: 2, Evict: 3}.get(type(action), 4)
    return order, group.desired if group else 0, deadline

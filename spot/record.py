"""What became of one interruption: each step's time, each pod's way, each gap with its reason. Pure.

`docs/architecture.md` has the record's JSON; the portal keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from spot import names, pods
from spot.doomed_node import DoomedNode
from spot.handoff.group import Group
from spot.handoff.scene import Doomed
from spot.handoff.way import Way
from spot.pods import Key
from spot.times import parse, zulu

# A gap that lasts longer is the project's own trouble, not this interruption's.
LONGEST_GAP = timedelta(minutes=10)

# Of a namespace and Services: the ready endpoints of the one that has the fewest; None for no Service.
ReadyOf = Callable[[str, Iterable[str]], int | None]


@dataclass(frozen=True)
class PodRecord:
    namespace: str
    name: str
    uid: str
    owner: str
    club: str = ""
    project: str = ""
    way: str = ""
    state: str = "waiting"
    detached_at: datetime | None = None
    replacement: str = ""
    replacement_node: str = ""
    ready_at: datetime | None = None
    unserved_at: datetime | None = None
    retired_at: datetime | None = None
    blocked_since: datetime | None = None
    blocked_reason: str = ""
    gap_seconds: float | None = None
    gap_reason: str = ""
    # Not for the portal: from when on no endpoint served, and how long none did before.
    evicted_at: datetime | None = None
    gap_since: datetime | None = None
    gap_before: float = 0.0
    served: bool = False
    services: tuple[str, ...] = ()
    reason: str = ""

    @property
    def done(self) -> bool:
        return self.state in ("retired", "restored", "lost")


@dataclass(frozen=True)
class Record:
    id: str
    node: str
    node_uid: str
    instance_id: str
    kind: str
    noticed_at: datetime
    revision: int = 0
    state: str = "noticed"
    capacity_type: str = ""
    zone: str = ""
    instance_type: str = ""
    sources: tuple[str, ...] = ()
    detail: str = ""
    deadline: datetime | None = None
    fenced_at: datetime | None = None
    moving_at: datetime | None = None
    clear_at: datetime | None = None
    gone_at: datetime | None = None
    cancelled_at: datetime | None = None
    # Not for the portal: whether pods leave now, or the node is only avoided.
    moves: bool = False
    pods: tuple[PodRecord, ...] = field(default=())

    @property
    def closed(self) -> bool:
        """Nothing more will come of it."""
        settled = all(each.done and each.gap_since is None for each in self.pods)
        return self.state in ("gone", "cancelled") and settled


def begin(node: dict[str, Any], state: DoomedNode) -> Record:
    having = pods.labels(node)
    return Record(
        id=state.interruption.id,
        node=state.name,
        node_uid=state.uid,
        instance_id=state.interruption.instance_id,
        kind=state.interruption.kind.value,
        noticed_at=state.interruption.noticed_at,
        capacity_type=having.get(names.CAPACITY_TYPE, ""),
        zone=having.get(names.ZONE, ""),
        instance_type=having.get(names.INSTANCE_TYPE, ""),
    )


def on_node(
    record: Record, state: DoomedNode, deadline: datetime | None, scene: Iterable[Doomed], now: datetime
) -> Record:
    """The record while its Node is there; `scene` is what stands on it now."""
    end = state.interruption
    seen = {pod.uid: pod for pod in scene if pod.way is not Way.LEAVE}
    known = {each.uid for each in record.pods}
    fresh = tuple(_pod(pod) for uid, pod in seen.items() if uid not in known and state.moves)
    # A node that was only avoided until now has been fenced for longer than its pods leave.
    begins = now if record.state != "noticed" and not record.moves else state.fenced_at
    return replace(
        record,
        kind=end.kind.value,
        sources=end.sources,
        detail=end.detail,
        deadline=deadline,
        fenced_at=state.fenced_at,
        moving_at=record.moving_at or (begins if fresh else None),
        clear_at=state.clear_at,
        cancelled_at=state.called_off_at,
        moves=state.moves,
        state=_state(record, state, bool(fresh or record.moving_at)),
        pods=tuple(_step(each, seen.get(each.uid), state, now) for each in (*record.pods, *fresh)),
    )


def node_gone(record: Record, now: datetime) -> Record:
    """The Node is not there any more. What was not moved by then, or not back in its place, is lost."""
    if record.state == "gone" or (record.state == "cancelled" and all(each.done for each in record.pods)):
        return record
    lost = tuple(
        each
        if each.done
        else replace(each, state="lost" if each.evicted_at is None else "retired", retired_at=now)
        for each in record.pods
    )
    return replace(record, state="gone", gone_at=now, pods=lost)


def let_go(record: Record, now: datetime) -> Record:
    """The Node is there and nothing is said of it any more: it was called off."""
    if record.state == "gone":
        return record
    stays = tuple(each if each.done else replace(each, state="restored") for each in record.pods)
    return replace(record, state="cancelled", cancelled_at=record.cancelled_at or now, pods=stays)


def serving(
    record: Record, group_of: Callable[[Key], Group | None], ready_of: ReadyOf, now: datetime
) -> Record:
    """The record with each Deployment's replacement, and the time in which none of it served.

    Of what is no Deployment, the time in which a Service of the pod had no endpoint: `ready_of` counts them.
    """
    return replace(record, pods=tuple(_serving(each, group_of, ready_of, now) for each in record.pods))


def revised(before: Record | None, after: Record) -> Record:
    """`after` with the next revision, or `before` when nothing has changed."""
    if before is None:
        return replace(after, revision=1)
    if replace(after, revision=before.revision) == before:
        return before
    return replace(after, revision=before.revision + 1)


def to_json(record: Record, *, whole: bool) -> dict[str, Any]:
    """As the portal takes it; `whole` adds what only the handler goes on with."""
    inner = {"evicted_at", "gap_since", "gap_before", "served", "services", "reason"}
    found = {
        name: _plain(value)
        for name, value in asdict(record).items()
        if whole or name not in ("node_uid", "moves")
    }
    found["pods"] = [
        {name: _plain(value) for name, value in asdict(each).items() if whole or name not in inner}
        for each in record.pods
    ]
    return found


def from_json(said: dict[str, Any]) -> Record:
    """What `to_json(whole=True)` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    each = [PodRecord(**_typed(PodRecord, item)) for item in said["pods"]]
    return Record(**{**_typed(Record, {**said, "pods": []}), "pods": tuple(each)})


def _pod(pod: Doomed) -> PodRecord:
    having = pods.labels(pod.raw)
    return PodRecord(
        namespace=pod.key[0],
        name=pod.key[1],
        uid=pod.uid,
        owner=pod.owner,
        club=having.get(names.CLUB, ""),
        project=having.get(names.PROJECT, ""),
        way=pod.way.value,
        reason=pod.reason,
        served=pod.ready and pod.served,
        services=pod.services,
    )


def _state(record: Record, state: DoomedNode, moving: bool) -> str:
    if state.called_off_at is not None:
        return "cancelled"
    if state.clear_at is not None:
        return "clear"
    return "moving" if moving and state.moves else "fenced"


def _step(known: PodRecord, pod: Doomed | None, state: DoomedNode, now: datetime) -> PodRecord:
    leaves = state.moves and state.called_off_at is None
    if known.state == "restored" and leaves and pod is not None:
        # Back in its place after one notice, it leaves at the next.
        known = replace(_pod(pod), gap_before=known.gap_before)
    if known.done:
        return known
    if pod is None:
        return replace(known, state="retired", retired_at=now)
    stays = not state.moves and not pod.going
    if not pod.detached and (stays or known.detached_at is not None):
        return replace(known, state="restored")
    notes = pods.notes(pod.raw)
    stepped = replace(
        known,
        way=pod.way.value,
        reason=pod.reason or known.reason,
        served=known.served or (pod.ready and pod.served),
        detached_at=known.detached_at or parse(notes.get(names.DETACHED_AT)),
        unserved_at=known.unserved_at or pod.unserved_at,
        evicted_at=known.evicted_at or (now if pod.going else None),
    )
    if stepped.evicted_at or stepped.unserved_at:
        return replace(stepped, state="unserved")
    if stepped.ready_at:
        return replace(stepped, state="ready")
    return replace(stepped, state="detached" if stepped.detached_at else "waiting")


def _serving(
    known: PodRecord, group_of: Callable[[Key], Group | None], ready_of: ReadyOf, now: datetime
) -> PodRecord:
    kind, _, name = known.owner.partition("/")
    if not known.served or known.way not in (Way.HANDOFF, Way.EVICT):
        return known if known.gap_since is None else replace(known, gap_since=None)
    if kind != "Deployment":
        return _gap(known, ready_of(known.namespace, known.services), "", now)
    group = group_of((known.namespace, name))
    if group is None or group.desired == 0:
        return _ended(known, now)
    follower = _follower(known, group)
    if follower and (follower.name, follower.node) != (known.replacement, known.replacement_node):
        known = replace(known, replacement=follower.name, replacement_node=follower.node)
    if follower and follower.good and known.ready_at is None:
        # The condition's time has whole seconds: never before the old pod was detached.
        known = replace(known, ready_at=max(follower.ready_at, known.detached_at or follower.ready_at))
    blocked = group.blocked if not group.whole and not known.done else ""
    if blocked != known.blocked_reason:
        known = replace(
            known,
            blocked_reason=blocked or known.blocked_reason,
            blocked_since=known.blocked_since or ((group.blocked_since or now) if blocked else None),
        )
    return _gap(known, group.endpoints, group.blocked, now)


def _gap(known: PodRecord, endpoints: int | None, blocked: str, now: datetime) -> PodRecord:
    if endpoints != 0:
        return _ended(known, now)
    if known.gap_since is None and (known.gap_seconds is None or not known.done):
        why = known.reason or blocked or known.blocked_reason or "replacement-late"
        return replace(known, gap_since=now, gap_reason=why)
    if known.gap_since is not None and now - known.gap_since > LONGEST_GAP:
        return _ended(known, now)
    return known


def _follower(known: PodRecord, group: Group) -> Any:
    """The pod in the old one's place: the one it was given, else the first that was made after it left.

    One that cannot serve here (it is of a release on trial, say) gives way to one that does.
    """
    since = known.detached_at or known.evicted_at
    made = [
        each
        for each in group.replacements
        if each.name == known.replacement
        or (since is not None and each.created_at >= since.replace(microsecond=0))
    ]
    return min(made, key=lambda each: (not each.good, each.name != known.replacement), default=None)


def _ended(known: PodRecord, now: datetime) -> PodRecord:
    """No gap is running; told as a number once the pod has gone."""
    before = known.gap_before + ((now - known.gap_since).total_seconds() if known.gap_since else 0.0)
    if known.gap_since is not None:
        known = replace(known, gap_since=None, gap_before=before)
    if known.done and known.gap_seconds is None:
        known = replace(known, gap_seconds=round(before, 3))
    return known


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return zulu(value)
    return list(value) if isinstance(value, tuple) else value


def _typed(kind: type[Any], said: dict[str, Any]) -> dict[str, Any]:
    known = {each.name: each.type for each in fields(kind)}
    if unknown := set(said) - set(known):
        raise ValueError(f"unknown fields: {sorted(unknown)}")
    return {name: _read(str(known[name]), value) for name, value in said.items()}


def _read(kind: str, value: Any) -> Any:
    if "datetime" in kind:
        return parse(value)
    return tuple(value) if isinstance(value, list) else value

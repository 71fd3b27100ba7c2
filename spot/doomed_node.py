"""The interruption as it stands on its Node: an annotation and a taint. Pure: JSON in, a patch out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from spot import names, pods
from spot.interruption import IDENTITY, Ended, Interruption, Kind, LifecycleHook, Planned
from spot.interruption import ended as end_of
from spot.placement import tolerates
from spot.pods import JsonMap
from spot.times import parse, zulu

POOL = "pool"
MOST_ENDED = 10
"""Of a node; more would make its annotation large, and nobody tells of those before any more."""


@dataclass(frozen=True)
class DoomedNode:
    """A Node with its interruption. `moves` is whether its pods leave now, or it is only avoided.

    `called_off_by` is the source that called it off, "" for anybody else.
    """

    name: str
    uid: str
    interruption: Interruption
    moves: bool
    fenced_at: datetime | None = None
    clear_at: datetime | None = None
    called_off_at: datetime | None = None
    called_off_by: str = ""


def read(node: JsonMap) -> DoomedNode | None:
    """What the annotation says, or None: no interruption, or none that can be read.

    A node may write onto its own Node, and whoever has the machine: nothing there may end a look at all the
    others, or become another path at the API server.
    """
    text = pods.notes(node).get(names.INTERRUPTION)
    if text is None:
        return None
    try:
        said = json.loads(text)
        noticed_at = parse(said["noticed_at"])
        if noticed_at is None or IDENTITY.fullmatch(said["id"]) is None:
            return None
        interruption = Interruption(
            id=said["id"],
            instance_id=str(said["instance_id"]),
            kind=Kind(said["kind"]),
            noticed_at=noticed_at,
            deadline=parse(said.get("deadline")),
            sources=tuple(str(each) for each in said.get("sources") or ()),
            detail=str(said.get("detail") or ""),
            hooks=tuple(
                LifecycleHook(str(each["group"]), str(each["hook"]), str(each["token"]))
                for each in said.get("hooks") or ()
            ),
            gone=said.get("gone") is True,
            planned=tuple(_planned(each, noticed_at) for each in said.get("planned") or ()),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return DoomedNode(
        name=node["metadata"]["name"],
        uid=node["metadata"]["uid"],
        interruption=interruption,
        moves=said.get("moves") is True,
        fenced_at=parse(said.get("fenced_at")),
        clear_at=parse(said.get("clear_at")),
        called_off_at=parse(said.get("called_off_at")),
        called_off_by=str(said.get("called_off_by") or ""),
    )


def ended(node: JsonMap) -> tuple[Ended, ...]:
    """What came to nothing on this Node, the newest first, with what is taken back just now."""
    state = read(node)
    now: tuple[Ended, ...] = ()
    if state is not None and state.called_off_at is not None:
        now = (end_of(state.interruption, state.called_off_at, state.called_off_by),)
    try:
        said = json.loads(pods.notes(node).get(names.ENDED) or "[]")
        before = tuple(_ended(each) for each in said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        before = ()
    return (*now, *before)[:MOST_ENDED]


def is_called_off_by_hand(node: JsonMap, end: Interruption) -> bool:
    """An operator's word, which stands until it is obeyed, or something graver comes."""
    return pods.notes(node).get(names.CALL_OFF) == end.id


def fence(node: JsonMap, interruption: Interruption, *, moves: bool, now: datetime) -> JsonMap:
    """The patch that says the interruption on its Node and keeps new pods away, in one request."""
    known = read(node)
    state = DoomedNode(
        name=node["metadata"]["name"],
        uid=node["metadata"]["uid"],
        interruption=interruption,
        moves=moves,
        fenced_at=now,
    )
    notes: dict[str, None] = {}
    if known is not None and known.interruption.id == interruption.id:
        state = replace(
            state,
            fenced_at=known.fenced_at or now,
            clear_at=known.clear_at if known.moves == moves else None,
        )
        # A graver notice stands over one that was called off meanwhile.
        if known.interruption == interruption:
            state = replace(state, called_off_at=known.called_off_at, called_off_by=known.called_off_by)
        if known.interruption.kind is not interruption.kind:
            notes = {names.CALL_OFF: None}
    others = _others(node)
    taints = [_taint(names.INTERRUPTED, "NoSchedule") if moves else _taint(names.AT_RISK, "PreferNoSchedule")]
    # Only once the cloud has ended it: volumes are then detached in seconds, not after six minutes. An
    # operator's own does the same, and no two may have one key and effect.
    out = {"key": names.OUT_OF_SERVICE, "value": names.OURS, "effect": "NoExecute"}
    if interruption.gone and not any(_same_place(each, out) for each in others):
        taints.append(out)
    return _patch(node, {names.INTERRUPTION: write(state), **notes}, [*others, *taints])


def mark(node: JsonMap, state: DoomedNode) -> JsonMap:
    """The patch that only changes what the annotation says."""
    return _patch(node, {names.INTERRUPTION: write(state)})


def call_off(node: JsonMap, state: DoomedNode, now: datetime, by: str = "") -> JsonMap:
    """The patch after which what was begun is taken back. `by` is the source that says so, if any does."""
    off = replace(state, called_off_at=now, called_off_by=by)
    return _patch(node, {names.INTERRUPTION: write(off), names.CALL_OFF: None})


def unfence(node: JsonMap) -> JsonMap:
    """The patch that takes everything back and remembers what it was."""
    notes: dict[str, str | None] = {names.INTERRUPTION: None}
    if past := ended(node):
        notes[names.ENDED] = json.dumps([_remembered(each) for each in past], separators=(",", ":"))
    return _patch(node, notes, _others(node))


def is_fenced(node: JsonMap) -> bool:
    """Whether a taint of its own interruption stands on it."""
    ours = (names.INTERRUPTED, names.AT_RISK)
    taints = node["spec"].get("taints") or []
    return any(taint["key"] in ours and not is_of_pool(taint) for taint in taints)


def comes_back(pod: JsonMap, node: JsonMap, since: datetime) -> bool:
    """Whether the pod was made after `since` and tolerates the fence: evicted, it would come again."""
    created_at = parse(pod["metadata"].get("creationTimestamp"))
    fences = [taint for taint in node["spec"].get("taints") or [] if taint["key"] == names.INTERRUPTED]
    tolerated = bool(fences) and all(tolerates(pod["spec"], taint) for taint in fences)
    return tolerated and created_at is not None and created_at > since


def runs_again(node: JsonMap, end: Interruption) -> bool:
    """Whether what the cloud had ended is up again: a stopped instance is started anew as the same Node."""
    return end.gone and end.deadline is not None and has_come_up(node, end.deadline)


def has_come_up(node: JsonMap, after: datetime) -> bool:
    since = pods.ready_since(node)
    return since is not None and since > after


def of_pool() -> JsonMap:
    """The taint of a node that is avoided for what became of others."""
    return {"key": names.AT_RISK, "value": POOL, "effect": "PreferNoSchedule"}


def is_of_pool(taint: JsonMap) -> bool:
    return taint["key"] == names.AT_RISK and taint.get("value") == POOL


def write(state: DoomedNode) -> str:
    end = state.interruption
    said = {
        "id": end.id,
        "instance_id": end.instance_id,
        "kind": end.kind.value,
        "noticed_at": zulu(end.noticed_at),
        "deadline": zulu(end.deadline),
        "sources": list(end.sources),
        "detail": end.detail[:300],
        "hooks": [asdict(each) for each in end.hooks],
        "gone": end.gone,
        "planned": _plans(end.planned),
        "moves": state.moves,
        "fenced_at": zulu(state.fenced_at),
        "clear_at": zulu(state.clear_at),
        "called_off_at": zulu(state.called_off_at),
        "called_off_by": state.called_off_by,
    }
    return json.dumps(said, separators=(",", ":"))


def _remembered(past: Ended) -> JsonMap:
    return {
        "id": past.id,
        "kind": past.kind.value,
        "ended_at": zulu(past.ended_at),
        "deadline": zulu(past.deadline),
        "by": past.by,
        "planned": _plans(past.planned),
    }


def _ended(said: JsonMap) -> Ended:
    ended_at = parse(said["ended_at"])
    if ended_at is None:
        raise ValueError("not a time")
    return Ended(
        id=str(said["id"]),
        kind=Kind(said["kind"]),
        ended_at=ended_at,
        deadline=parse(said.get("deadline")),
        by=str(said.get("by") or ""),
        planned=tuple(_planned(each, ended_at) for each in said.get("planned") or ()),
    )


def _plans(planned: Iterable[Planned]) -> list[JsonMap]:
    return [
        {"source": each.source, "event": each.event, "date": zulu(each.date), "said_at": zulu(each.said_at)}
        for each in planned
    ]


def _planned(said: JsonMap, noticed_at: datetime) -> Planned:
    said_at = parse(said["said_at"]) or noticed_at
    return Planned(str(said["source"]), str(said["event"]), parse(said["date"]), said_at)


def _others(node: JsonMap) -> list[JsonMap]:
    return [taint for taint in node["spec"].get("taints") or [] if not _is_ours(taint)]


def _is_ours(taint: JsonMap) -> bool:
    if taint["key"] == names.OUT_OF_SERVICE:
        return taint.get("value") == names.OURS
    return taint["key"] in (names.INTERRUPTED, names.AT_RISK)


def _same_place(one: JsonMap, other: JsonMap) -> bool:
    return (one["key"], one["effect"]) == (other["key"], other["effect"])


def _taint(key: str, effect: str) -> JsonMap:
    return {"key": key, "value": "true", "effect": effect}


def _patch(
    node: JsonMap, annotations: Mapping[str, str | None], taints: list[JsonMap] | None = None
) -> JsonMap:
    metadata = {
        "uid": node["metadata"]["uid"],
        # A list is replaced as a whole by a merge patch: never over a taint that was not seen.
        "resourceVersion": node["metadata"]["resourceVersion"],
        "annotations": dict(annotations),
    }
    return {"metadata": metadata, **({"spec": {"taints": taints}} if taints is not None else {})}

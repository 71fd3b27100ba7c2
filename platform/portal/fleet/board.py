"""The fleet as a board of tiles: nodes by pool and zone, their pods as dots. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from deployer.fleet import Fleet, FleetNode, FleetPod, Usage

# Of a pod that leaves: what the handler has recorded comes before what its labels say.
_RANKS = ("waiting", "detached", "ready", "unserved", "retired", "restored", "lost")


@dataclass(frozen=True)
class Told:
    """What the spot handler has reported of a pod."""

    state: str
    replacement: str
    replacement_node: str
    gap_seconds: float | None
    reason: str


@dataclass(frozen=True)
class Dot:
    """One pod. `shape` is project, platform or other; `step` of its handoff, empty for none."""

    uid: str
    name: str
    whose: str
    shape: str
    state: str
    step: str
    told: Told | None


@dataclass(frozen=True)
class Load:
    """Of a node's room: what is used (`measured`), or without a metrics server what its pods ask for."""

    measured: bool
    cpu_millicores: int
    memory_bytes: int

    def cpu_percent(self, node: FleetNode) -> int:
        return _percent(self.cpu_millicores, node.cpu_millicores)

    def memory_percent(self, node: FleetNode) -> int:
        return _percent(self.memory_bytes, node.memory_bytes)


@dataclass(frozen=True)
class Tile:
    """One node. `leaving` are the dots that move; `counts` says how many pods are in which state."""

    node: FleetNode
    dots: tuple[Dot, ...]
    load: Load
    counts: tuple[tuple[str, int], ...]

    @property
    def key(self) -> str:
        return f"node-{self.node.uid}"

    @property
    def state(self) -> str:
        end = self.node.end
        if end is not None and end.called_off_at is None:
            return "fenced" if end.moves else "at-risk"
        if not self.node.ready:
            return "not-ready"
        return "unheard" if self.node.unheard else "ready"

    @property
    def deadline(self) -> datetime | None:
        return self.node.end.deadline if self.node.end is not None and self.state == "fenced" else None

    @property
    def leaving(self) -> tuple[Dot, ...]:
        return tuple(dot for dot in self.dots if dot.shape != "other") if self.state == "fenced" else ()

    @property
    def cpu_percent(self) -> int:
        return self.load.cpu_percent(self.node)

    @property
    def memory_percent(self) -> int:
        return self.load.memory_percent(self.node)


@dataclass(frozen=True)
class Group:
    pool: str
    zone: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Board:
    """`homeless` are the pods that wait for a node."""

    groups: tuple[Group, ...]
    homeless: tuple[Dot, ...]

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return tuple(tile for group in self.groups for tile in group.tiles)


def board(fleet: Fleet, told: Mapping[str, Told]) -> Board:
    """`told` is by a pod's uid."""
    pods = fleet.pods_by_node()
    groups: dict[tuple[str, str], list[Tile]] = {}
    for node in fleet.nodes:
        tile = _tile(node, pods.get(node.name, []), fleet.usage.get(node.name), told)
        groups.setdefault((node.pool, node.zone), []).append(tile)
    return Board(
        groups=tuple(Group(pool, zone, tuple(tiles)) for (pool, zone), tiles in groups.items()),
        homeless=tuple(_dot(pod, None) for pod in pods.get("", []) if pod.state == "waiting"),
    )


def _tile(node: FleetNode, pods: Iterable[FleetPod], usage: Usage | None, told: Mapping[str, Told]) -> Tile:
    there = [pod for pod in pods if pod.state != "done"]
    order = {"project": 0, "platform": 1, "other": 2}
    dots = sorted(
        (_dot(pod, told.get(pod.uid)) for pod in there),
        key=lambda dot: (order[dot.shape], dot.whose, dot.name),
    )
    counts = Counter(dot.state for dot in dots)
    if usage is not None:
        load = Load(True, usage.cpu_millicores, usage.memory_bytes)
    else:
        load = Load(False, sum(pod.cpu_millicores for pod in there), sum(pod.memory_bytes for pod in there))
    return Tile(node, tuple(dots), load, tuple(sorted(counts.items())))


def _dot(pod: FleetPod, told: Told | None) -> Dot:
    known = told.state if told is not None else ""
    step = max((pod.step, known), key=lambda each: _RANKS.index(each) if each in _RANKS else -1)
    if pod.project:
        shape, whose = "project", f"{pod.club}/{pod.project}"
    elif pod.daemon or pod.headroom:
        shape, whose = "other", pod.component or pod.name
    else:
        shape, whose = "platform", pod.component or pod.name
    return Dot(pod.uid, f"{pod.namespace}/{pod.name}", whose, shape, pod.state, step, told)


def _percent(amount: int, of: int) -> int:
    return min(100, round(100 * amount / of)) if of else 0

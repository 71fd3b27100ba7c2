"""What is worth telling people when a record moves on. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spot.interruption import Kind, is_put_off
from spot.record import PodRecord, Record

_STANDING = ("fenced", "moving")


@dataclass(frozen=True)
class Subject:
    """What the news is about. `namespace` "" for a Node, whose Events stand in "default"."""

    kind: str
    namespace: str
    name: str
    uid: str = ""


@dataclass(frozen=True)
class News:
    """`warning` asks for somebody's eyes."""

    subject: Subject
    reason: str
    message: str
    warning: bool = False


def news(before: Record | None, after: Record) -> Iterator[News]:
    """What `after` says that `before` did not."""
    node = Subject("Node", "", after.node)
    old = {each.uid: each for each in before.pods} if before else {}
    if before is not None and after.state in _STANDING and is_put_off(before, after):
        yield News(node, *_put_off(after))
    elif before is None or _has_turned(before, after):
        told = _of_state(after)
        if told is not None:
            yield News(node, *told)
    for pod in after.pods:
        yield from _of_pod(old.get(pod.uid), pod, after)


def _has_turned(before: Record, after: Record) -> bool:
    """That pods begin to leave is told with the fence, which is there for it."""
    if after.state in _STANDING and before.state in _STANDING:
        return after.moves and not before.moves
    return after.state != before.state


def _put_off(record: Record) -> tuple[str, str, bool]:
    until = (
        f"put off until {record.deadline:%Y-%m-%d %H:%M} UTC" if record.deadline else "put off, no date yet"
    )
    goes_on = "what serves here is moved" if record.moves else "what has not left stays"
    return "SpotPutOff", f"{record.kind} {until}: {goes_on}", False


def _of_state(record: Record) -> tuple[str, str, bool] | None:
    until = f" until {record.deadline:%H:%M:%S} UTC" if record.deadline else ""
    why = f"{record.kind} from {', '.join(record.sources)}"
    match record.state:
        case "fenced" | "moving" if record.moves:
            return "SpotFenced", f"{why}: no new pods; what serves here is moved{until}", False
        case "fenced":
            when = ""
            if record.kind == Kind.MAINTENANCE:
                when = f" on {record.deadline:%Y-%m-%d %H:%M} UTC" if record.deadline else ", no date yet"
            return (
                "SpotAtRisk",
                f"{why}{when}: new pods go elsewhere if they can, what serves here stays",
                False,
            )
        case "clear":
            moved = sum(pod.way == "handoff" for pod in record.pods)
            return "SpotClear", f"{len(record.pods)} pods have left ({moved} handed off)", False
        case "cancelled":
            return "SpotCancelled", "the interruption was called off; the pods stay", False
        case "gone":
            lost = sum(pod.state == "lost" for pod in record.pods)
            return "SpotGone", f"the node is gone; {lost} pods went with it", lost > 0
    return None


def _of_pod(before: PodRecord | None, pod: PodRecord, record: Record) -> Iterator[News]:
    kind, _, name = pod.owner.partition("/")
    subject = Subject(
        kind if kind == "Deployment" else "Pod", pod.namespace, name if kind == "Deployment" else pod.name
    )
    if pod.blocked_reason and (before is None or not before.blocked_reason):
        yield News(
            subject,
            "HandoffBlocked",
            f"no replacement for {pod.name} can start ({pod.blocked_reason}); "
            f"{record.node} goes at {record.deadline}",
            warning=True,
        )
    # One that is back in its place stays; of those that went with their node its own news tells.
    if pod.state == "retired" and (before is None or not before.done):
        where = f" to {pod.replacement} on {pod.replacement_node}" if pod.replacement else ""
        yield News(
            subject,
            "HandedOff" if pod.way == "handoff" else "MovedAway",
            f"{pod.name} left {record.node}{where}",
        )
    if pod.gap_seconds and (before is None or not before.gap_seconds):
        yield News(
            subject,
            "HandoffGap",
            f"nothing served for {pod.gap_seconds:.1f} s ({pod.gap_reason or 'unknown'})",
            warning=True,
        )

"""One interruption told step by step, in seconds since its notice. Pure: from rows to lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.fleet.models import InterruptedPod, Interruption
from portal.fleet.states import Way

_STEPS = ("noticed", "fenced", "moving", "clear", "gone", "cancelled")
_POD_STEPS = ("detached", "ready", "unserved", "retired")


@dataclass(frozen=True)
class Step:
    """What happened to the node, or to one pod of it. `word` is a state's, or deadline, or blocked."""

    at: Any
    word: str
    pod: InterruptedPod | None = None


def story(interruption: Interruption, pods: Sequence[InterruptedPod]) -> list[str]:
    """What an operator reads of it."""
    return [
        *_head(interruption),
        "",
        *(f"{since(interruption, each.at):>11}  {_said(each)}" for each in steps(interruption, pods)),
        "",
        *_pods(interruption, pods),
    ]


def since(interruption: Interruption, at: datetime) -> str:
    return f"{(at - interruption.noticed_at).total_seconds():+.1f} s"


def _head(interruption: Interruption) -> Iterator[str]:
    place = (
        interruption.instance_id,
        interruption.capacity_type,
        interruption.zone,
        interruption.instance_type,
    )
    yield f"{interruption.id}: {interruption.node} ({', '.join(filter(None, place))})"
    yield f"kind      {interruption.kind} (told by {', '.join(interruption.sources) or 'nobody'})"
    yield f"state     {interruption.state}"
    yield f"noticed   {interruption.noticed_at:%Y-%m-%d %H:%M:%S} UTC"
    deadline = interruption.deadline
    yield f"deadline  {since(interruption, deadline) if deadline else 'none'}"
    yield f"reported  {interruption.received_at:%Y-%m-%d %H:%M:%S} UTC, revision {interruption.revision}"
    if interruption.detail:
        yield f"detail    {interruption.detail}"


def steps(interruption: Interruption, pods: Iterable[InterruptedPod]) -> list[Step]:
    """Everything that has a time, the earliest first."""
    moments = [Step(getattr(interruption, f"{step}_at"), step) for step in _STEPS]
    moments.append(Step(interruption.deadline, "deadline"))
    for pod in pods:
        moments.append(Step(pod.blocked_since, "blocked", pod))
        moments += [Step(getattr(pod, f"{step}_at"), step, pod) for step in _POD_STEPS]
    return sorted((each for each in moments if each.at is not None), key=lambda each: (each.at, _said(each)))


def _said(step: Step) -> str:
    pod = step.pod
    if pod is None:
        return step.word
    name = f"{pod.namespace}/{pod.name}"
    if step.word == "blocked":
        return f"{name}: blocked{_because(pod.blocked_reason)}"
    if step.word == "ready":
        where = f" on {pod.replacement_node}" if pod.replacement_node else ""
        return f"{name}: its replacement {pod.replacement or ''} is ready".replace("  ", " ") + where
    return f"{name}: {'out of its Services' if step.word == 'unserved' else step.word}"


def _pods(interruption: Interruption, pods: Sequence[InterruptedPod]) -> Iterator[str]:
    yield f"{len(pods)} pods stood on it" + (":" if pods else ".")
    for pod in pods:
        of = f" of {pod.owner}" if pod.owner else ""
        whose = f" ({pod.club}/{pod.project})" if pod.club and pod.project else ""
        yield f"  {pod.namespace}/{pod.name}{of}{whose}"
        yield f"    {pod.way}, {pod.state}; {', '.join(_moments(interruption, pod)) or 'no step done'}"
        if pod.replacement or pod.replacement_node:
            where = f" on {pod.replacement_node}" if pod.replacement_node else ""
            yield f"    replacement {pod.replacement or 'without a name'}{where}"
        if pod.blocked_since is not None:
            yield f"    blocked from {since(interruption, pod.blocked_since)}{_because(pod.blocked_reason)}"
        yield f"    gap: {_gap(pod)}{_because(pod.gap_reason)}"


def _moments(interruption: Interruption, pod: InterruptedPod) -> Iterator[str]:
    for step in _POD_STEPS:
        at: datetime | None = getattr(pod, f"{step}_at")
        if at is not None:
            yield f"{step} {since(interruption, at)}"


def _gap(pod: InterruptedPod) -> str:
    if pod.gap_seconds is not None:
        return f"{pod.gap_seconds:.1f} s" if pod.gap_seconds else "none"
    return "it ends with its node" if pod.way == Way.LEAVE else "not known"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""

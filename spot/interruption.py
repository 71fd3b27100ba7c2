"""What a node's end is called, how grave it is, and how several notices of one end become one.

`Notice` is what a source says, `Interruption` what the handler holds to. Pure: no clock, no I/O.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What happens to the instance, from the least grave to the gravest."""

    REBALANCE = "rebalance"
    """EC2 sees an elevated risk; nothing may follow."""
    MAINTENANCE = "maintenance"
    """A scheduled event or a health event of AWS; may be called off."""
    ASG_TERMINATE = "asg-terminate"
    """Its Auto Scaling group ends it; a lifecycle hook may hold the end back."""
    SPOT_INTERRUPTION = "spot-interruption"
    """The spot market takes it, two minutes after the notice at the latest."""
    STOPPING = "stopping"
    """It stops or ends already: EC2 says shutting-down, stopping, stopped or terminated."""

    @property
    def severity(self) -> int:
        return list(Kind).index(self)

    @property
    def may_be_called_off(self) -> bool:
        return self in (Kind.REBALANCE, Kind.MAINTENANCE)


@dataclass(frozen=True)
class LifecycleHook:
    """What CompleteLifecycleAction needs. `token` is "" when the source does not tell it."""

    group: str
    hook: str
    token: str


@dataclass(frozen=True)
class Notice:
    """One thing that one source says about one instance.

    `deadline` is when the instance may be gone (None: the source does not say). `called_off` takes back an
    earlier notice of this kind. `gone` says that the cloud has ended the instance already. `node` is set only
    by sources that speak for a node itself (its own annotation).
    """

    instance_id: str
    kind: Kind
    source: str
    noticed_at: datetime
    deadline: datetime | None = None
    detail: str = ""
    hook: LifecycleHook | None = None
    called_off: bool = False
    gone: bool = False
    node: str | None = None


@dataclass(frozen=True)
class Interruption:
    """One instance's end. Severity only rises, the deadline only shrinks."""

    id: str
    instance_id: str
    kind: Kind
    noticed_at: datetime
    deadline: datetime | None
    sources: tuple[str, ...]
    detail: str = ""
    hook: LifecycleHook | None = None
    gone: bool = False


def begin(notice: Notice) -> Interruption:
    """The first notice of an instance's end."""
    return Interruption(
        id=identity(notice.instance_id, notice.noticed_at),
        instance_id=notice.instance_id,
        kind=notice.kind,
        noticed_at=notice.noticed_at,
        deadline=notice.deadline,
        sources=(notice.source,),
        detail=notice.detail,
        hook=notice.hook,
        gone=notice.gone,
    )


def merge(known: Interruption, notice: Notice) -> Interruption:
    """The interruption after one more notice; the same object when it says nothing new.

    A notice that is called off is not merged: see `calls_off`.
    """
    graver = notice.kind.severity > known.kind.severity
    deadlines = [moment for moment in (known.deadline, notice.deadline) if moment is not None]
    deadline = min(deadlines, default=None)
    if graver and notice.deadline is not None and known.kind.may_be_called_off:
        # A rebalance or a maintenance says "at some time": the graver notice knows better, later or sooner.
        deadline = notice.deadline
    merged = replace(
        known,
        kind=notice.kind if graver else known.kind,
        deadline=deadline,
        sources=known.sources if notice.source in known.sources else (*known.sources, notice.source),
        detail=notice.detail if graver and notice.detail else known.detail,
        hook=known.hook or notice.hook,
        gone=known.gone or notice.gone,
    )
    return known if merged == known else merged


def calls_off(known: Interruption, notice: Notice) -> bool:
    """Whether this notice ends the interruption: only its own kind can be called off, nothing graver.

    What was called off before the interruption was noticed is old news. And a source takes back only what it
    has told: EC2 lists old events as over for days, which says nothing of what another source tells.
    """
    return (
        notice.called_off
        and notice.source in known.sources
        and notice.kind is known.kind
        and known.kind.may_be_called_off
        and notice.noticed_at >= known.noticed_at
    )


def identity(instance_id: str, noticed_at: datetime) -> str:
    """The interruption's name: a label value, the same for the same first notice."""
    text = f"{instance_id} {noticed_at.timestamp():.3f}"
    return f"int-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

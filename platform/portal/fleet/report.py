"""An interruption's record as the spot handler reports it: every field bounded, nothing unknown let in."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from portal.fleet.states import InterruptionState, PodState, Way

MOST_PODS = 2000
TEXT_CHARACTERS = 1000
_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
# PostgreSQL takes no NUL, and a terminal obeys the others.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _nothing(given: object) -> object:
    return "" if given is None else given


def _quiet(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _ours(moment: datetime) -> datetime:
    """Refuses what a broken clock says: years that no database or calendar sum is sure to hold."""
    if not 2000 <= moment.year < 2200:
        raise ValueError("should be in a year from 2000 to 2199")
    return moment.astimezone(UTC)


Label = Annotated[str, Field(pattern=rf"^{_LABEL}$", max_length=63)]
NodeName = Annotated[str, Field(pattern=rf"^{_SUBDOMAIN}$", max_length=253)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
NoName = Annotated[str, BeforeValidator(_nothing), Field(pattern=rf"^(?:{_SUBDOMAIN})?$", max_length=253)]
# What others put into labels.
NoValue = Annotated[str, BeforeValidator(_nothing), Field(pattern=r"^[A-Za-z0-9._-]{0,63}$")]
Text = Annotated[str, BeforeValidator(_nothing), Field(max_length=TEXT_CHARACTERS), AfterValidator(_quiet)]
Moment = Annotated[AwareDatetime, AfterValidator(_ours)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class PodReport(_Strict):
    """One pod that stood on the node; its texts may be null."""

    namespace: Label
    name: NodeName
    uid: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    owner: Annotated[
        str,
        BeforeValidator(_nothing),
        Field(pattern=rf"^(?:[A-Z][A-Za-z0-9]{{0,62}}/{_SUBDOMAIN})?$", max_length=317),
    ] = ""
    club: NoValue = ""
    project: NoValue = ""
    way: Way
    state: PodState
    detached_at: Moment | None = None
    replacement: NoName = ""
    replacement_node: NoName = ""
    ready_at: Moment | None = None
    unserved_at: Moment | None = None
    retired_at: Moment | None = None
    blocked_since: Moment | None = None
    blocked_reason: Text = ""
    gap_seconds: float | None = Field(None, ge=0, le=10_000_000, allow_inf_nan=False)
    gap_reason: Text = ""


class InterruptionReport(_Strict):
    """The whole record; a later `revision` replaces an earlier one."""

    id: Label
    revision: int = Field(ge=0, lt=1 << 62)
    state: InterruptionState
    node: NodeName
    instance_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    kind: Word
    capacity_type: NoValue = ""
    zone: NoValue = ""
    instance_type: NoValue = ""
    sources: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,64}$")]] = Field(max_length=20)
    detail: Text = ""
    noticed_at: Moment
    deadline: Moment | None = None
    fenced_at: Moment | None = None
    moving_at: Moment | None = None
    clear_at: Moment | None = None
    gone_at: Moment | None = None
    cancelled_at: Moment | None = None
    pods: list[PodReport] = Field(max_length=MOST_PODS)

    @model_validator(mode="after")
    def _each_pod_once(self) -> Self:
        often = [uid for uid, count in Counter(pod.uid for pod in self.pods).items() if count > 1]
        if often:
            raise ValueError(f"pods: the uid {often[0]} stands there more than once")
        return self

"""Writing to a log stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from deployer.errors import Explanation
from deployer.sentence import Sentence
from portal.builds.models import LogEntry, LogStream, StreamState
from portal.builds.models.log_entry import words_of
from portal.builds.models.log_stream import STREAM_STATES
from portal.nudge import nudge_events

Kind = Literal["platform", "build", "rollout"]


@dataclass(frozen=True)
class Line:
    """One line for the pusher, a Sentence if the platform speaks; `at` is its own time."""

    kind: Kind
    text: str
    at: datetime


def say(stream_id: int, *texts: Sentence, kind: Kind = "platform") -> None:
    """Appends what the platform says at this moment."""
    append(stream_id, _now(texts, kind))


@transaction.atomic
def append(stream_id: int, lines: Sequence[Line]) -> None:
    """Adds lines with one INSERT; the stream's row lock gives them their places.

    An ended stream takes no more: they are dropped, as their reader has gone.
    """
    if not lines:
        return
    grown = LogStream.objects.filter(pk=stream_id, state=StreamState.OPEN).update(
        last_sequence=F("last_sequence") + len(lines),
        characters=F("characters") + sum(len(line.text) for line in lines),
    )
    if not grown:
        return
    last = LogStream.objects.values_list("last_sequence", flat=True).get(pk=stream_id)
    first = last - len(lines) + 1
    LogEntry.objects.bulk_create(
        LogEntry(stream_id=stream_id, sequence=number, at=line.at, kind=line.kind, **words_of(line.text))
        for number, line in enumerate(lines, start=first)
    )


def _now(texts: Sequence[str], kind: Kind) -> list[Line]:
    now = timezone.now()
    return [Line(kind, text, now) for text in texts]


class Written(Protocol):
    """A row whose stream is written by a worker that may be replaced; `log_since` is how far it got."""

    @property
    def stream_id(self) -> int: ...
    @property
    def log_since(self) -> datetime | None: ...


@transaction.atomic
def write(row: Written, as_held: QuerySet[Any], lines: Sequence[Line]) -> None:
    """Appends lines of what the row follows, notes how far they reach; `as_held` is it behind its fence."""
    append(row.stream_id, lines)
    newest = max(line.at for line in lines)
    if row.log_since is None or newest > row.log_since:
        as_held.update(log_since=newest)


@transaction.atomic
def end(stream_id: int, state: str, explanation: Explanation | None = None) -> bool:
    """Ends an open stream, the explanation's lines last; False if it had ended already."""
    if explanation is not None:
        append(stream_id, _now(explanation.lines(), "platform"))
    ended = LogStream.objects.filter(pk=stream_id, state__in=STREAM_STATES.before(state)).update(
        state=state, ended_at=Now(), explanation=explanation.to_row() if explanation else None
    )
    transaction.on_commit(nudge_events)
    return bool(ended)

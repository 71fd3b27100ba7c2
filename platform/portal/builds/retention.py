"""How long the lines of builds and rollouts are kept: for MADANG_LOG_DAYS, and of a project only so many."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Sum, Value, Window
from django.db.models.functions import Now
from django.utils import timezone

from deployer.sentence import Sentence
from portal.builds.models import LogEntry, LogKind, LogStream
from portal.builds.models.log_entry import words_of
from portal.environment import environment

# An hourly round of an installation that has kept everything so far must end, too.
_AT_ONCE = 2000
# Of a project: builds that print all they may, one after the other, would fill the database within a day.
MOST_BYTES = 64 << 20
# What PostgreSQL needs for a row beside its text.
_ROW_BYTES = 100


def forget() -> int:
    """Puts one line in the place of a log that is old, or that its project's newer ones leave no room for.

    Gives how many. The newest of each project stays, and the stream's own row tells for ever what came of it.
    """
    days = environment().log_days
    ended = Now() - Value(timedelta(days=days))
    old = _let_go(
        _older().filter(ended_at__lt=ended),
        Sentence("This log ended more than {days} days ago; its lines are not kept any more.", days=days),
    )
    size = Window(
        Sum(F("characters") + F("last_sequence") * _ROW_BYTES),
        partition_by="project",
        order_by=F("pk").desc(),
    )
    crowding = _let_go(
        _older().exclude(ended_at=None).annotate(size=size).filter(size__gt=MOST_BYTES),
        Sentence(
            "The logs of this project are larger than {mebibytes} MiB together; the lines of older ones are "
            "not kept.",
            mebibytes=MOST_BYTES >> 20,
        ),
    )
    return old + crowding


def _older() -> QuerySet[LogStream]:
    """With lines, and not their projects' newest."""
    newer = LogStream.objects.filter(project=OuterRef("project"), pk__gt=OuterRef("pk"))
    return LogStream.objects.filter(Exists(newer), last_sequence__gt=1)


def _let_go(streams: QuerySet[LogStream], instead: Sentence) -> int:
    ids = list(streams.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    for stream_id in ids:
        _forget(stream_id, instead)
    return len(ids)


@transaction.atomic
def _forget(stream_id: int, instead: Sentence) -> None:
    """A stream that has ended takes no lines, so that nobody else writes it now."""
    LogEntry.objects.filter(stream_id=stream_id).delete()
    LogStream.objects.filter(pk=stream_id).update(last_sequence=1, characters=len(instead))
    LogEntry.objects.create(
        stream_id=stream_id, sequence=1, at=timezone.now(), kind=LogKind.PLATFORM, **words_of(instead)
    )

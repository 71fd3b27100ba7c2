"""How long the lines of builds and rollouts are kept: MADANG_LOG_DAYS after their end."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Now
from django.utils import timezone

from deployer.sentence import Sentence
from portal.builds.models import LogEntry, LogKind, LogStream
from portal.builds.models.log_entry import words_of
from portal.environment import environment

# An hourly round of an installation that has kept everything so far must end, too.
_AT_ONCE = 2000


def forget() -> int:
    """Puts one line in the place of a log that is old; gives how many. The newest of each project stays, and
    the stream's own row tells for ever what came of the change."""
    newer = LogStream.objects.filter(project=OuterRef("project"), pk__gt=OuterRef("pk"))
    days = environment().log_days
    ended = Now() - Value(timedelta(days=days))
    old = LogStream.objects.filter(Exists(newer), ended_at__lt=ended, last_sequence__gt=1)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    for stream_id in ids:
        _forget(stream_id, days)
    return len(ids)


@transaction.atomic
def _forget(stream_id: int, days: int) -> None:
    """A stream that has ended takes no lines, so that nobody else writes it now."""
    LogEntry.objects.filter(stream_id=stream_id).delete()
    LogStream.objects.filter(pk=stream_id).update(last_sequence=1)
    gone = Sentence("This log ended more than {days} days ago; its lines are not kept any more.", days=days)
    LogEntry.objects.create(
        stream_id=stream_id, sequence=1, at=timezone.now(), kind=LogKind.PLATFORM, **words_of(gone)
    )

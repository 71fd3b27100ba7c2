"""Quiet times: nobody builds, so nobody pushes."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Now

from portal.builds.models import BUILD_STATES, Build, BuildState, QuietTime

# Serialises claims over all workers, so that the count of running builds is what it was when it is used.
_SLOTS_LOCK = 0x6275696C64

# So late a quiet time is made. Nobody is held up for it longer than a build and a round of the beat take, nor
# all the time where a build does not end.
_PATIENCE = timedelta(days=2)
_HELD = timedelta(minutes=45)
_ONCE_IN = timedelta(days=1)


def lock_slots() -> None:
    """No build is claimed and no quiet time begins beside this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SLOTS_LOCK])


def present() -> QuietTime | None:
    """The quiet time that lasts now."""
    return QuietTime.objects.filter(until__gt=Now()).order_by("-until").first()


@transaction.atomic
def begin(quiet: timedelta, every: timedelta) -> QuietTime | None:
    """A quiet time from now on; None while builds wait or run, or when the last one is not `every` ago.

    Before the first one, the first build counts: a new installation has nothing to clear away. Where it never
    comes by itself, as there is always a build of somebody, it is made: no build starts for a while, until
    those that run are over.
    """
    lock_slots()
    if not _is_due(every):
        return None
    open_ = Build.objects.filter(state__in=BUILD_STATES.open)
    states = set(open_.order_by().values_list("state", flat=True).distinct())
    late = _is_due(every + _PATIENCE)
    if states and not late:
        return None
    lasting = present()
    if lasting is not None and (lasting.used or not late):
        return None
    if BuildState.RUNNING in states:
        if lasting is None and not QuietTime.objects.filter(begun_at__gt=Now() - Value(_ONCE_IN)).exists():
            QuietTime.objects.create(until=Now() + Value(_HELD))
        return None
    begun = lasting or QuietTime()
    begun.until = Now() + Value(quiet)
    begun.save()
    begun.refresh_from_db()
    return begun


def _is_due(every: timedelta) -> bool:
    """Whether something was built before that, and no quiet time was used since."""
    since = Now() - Value(every)
    used = QuietTime.objects.filter(used=True, begun_at__gt=since)
    return Build.objects.filter(created_at__lt=since).exists() and not used.exists()

"""Quiet times: nobody builds, so nobody pushes."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q, Value
from django.db.models.functions import Now

from portal.builds.models import BUILD_STATES, Build, QuietTime

# Serialises claims over all workers, so that the count of running builds is what it was when it is used.
_SLOTS_LOCK = 0x6275696C64


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

    Before the first one, the first build counts: a new installation has nothing to clear away.
    """
    lock_slots()
    if Build.objects.filter(state__in=BUILD_STATES.open).exists():
        return None
    if not Build.objects.filter(created_at__lt=Now() - Value(every)).exists():
        return None
    recent = Q(used=True, begun_at__gt=Now() - Value(every))
    if QuietTime.objects.filter(recent | Q(until__gt=Now())).exists():
        return None
    begun = QuietTime.objects.create(until=Now() + Value(quiet))
    begun.refresh_from_db()
    return begun

"""So many of something within a time: how long it takes until one more is allowed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone


def one_after_another(*of: str) -> None:
    """No other transaction counts rows of the same from here to the end of this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ["\n".join(of)])


def wait_seconds(rows: QuerySet[Any], at: str, most: int, within: timedelta) -> float | None:
    """Until one more fits beside `rows`, of which `most` may be younger than `within`; None: it fits now.

    `at` is the field that says when each was made.
    """
    young = rows.filter(**{f"{at}__gt": Now() - Value(within)}).order_by(f"-{at}")
    in_the_way = next(iter(young.values_list(at, flat=True)[most - 1 : most]), None)
    return None if in_the_way is None else max(1.0, left_seconds(in_the_way, within))


def left_seconds(moment: datetime, within: timedelta) -> float:
    """Until the moment is so long ago."""
    return (moment + within - timezone.now()).total_seconds()

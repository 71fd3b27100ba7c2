"""Reads of the audit log: filtered, newest first, in pages that stay put while entries are added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from portal.accounts.models import AuditEntry


@dataclass(frozen=True)
class Sought:
    """Which entries; empty: all. `actor` is a `Principal.name`, `actors` any of several; `until` is not
    included."""

    club: str = ""
    actor: str = ""
    action: str = ""
    project: str = ""
    since: datetime | None = None
    until: datetime | None = None
    actors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """`before` goes into the next call to get the next page; None: this is the last one."""

    entries: tuple[AuditEntry, ...]
    before: int | None


def page(sought: Sought, *, before: int | None = None, limit: int = 50) -> Page:
    """By key, not by offset: an entry that comes in meanwhile moves nothing."""
    rows = matching(sought)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = tuple(rows[: limit + 1])
    return Page(found[:limit], found[limit - 1].pk if len(found) > limit else None)


def matching(sought: Sought) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.order_by("-id")
    exact = {"club": sought.club, "actor": sought.actor, "action": sought.action, "project": sought.project}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if sought.actors:
        rows = rows.filter(actor__in=sought.actors)
    if sought.since is not None:
        rows = rows.filter(at__gte=sought.since)
    if sought.until is not None:
        rows = rows.filter(at__lt=sought.until)
    return rows


def known(club: str, field: str, since: datetime, limit: int = 100) -> list[str]:
    """The values of `actor`, `action` or `project` that stand in the club's entries."""
    rows = AuditEntry.objects.filter(club=club, at__gte=since).exclude(**{field: ""})
    return list(rows.order_by(field).values_list(field, flat=True).distinct()[:limit])

"""Which addresses are meant to answer, and since when: in the database's own terms."""

from __future__ import annotations

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest

from portal.clubs.models import Suspension
from portal.clubs.selectors import suspended


def wanted() -> Q:
    """Of rows with a project: nobody has halted it."""
    return Q(project__halt=None) & ~Q(suspended("project__club"))


def up_since() -> Greatest:
    """Of releases: since when they are live, or since their club was resumed."""
    # The last one; while it lasts, it has no end (PostgreSQL's GREATEST leaves nulls out).
    last = Suspension.objects.filter(club=OuterRef("project__club")).order_by("-id")
    return Greatest(Coalesce("went_live_at", "created_at"), Subquery(last.values("ended_at")[:1]))

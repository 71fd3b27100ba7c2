"""What the holder of a lease may do with it; every function checks the fence in the same UPDATE."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from django.db import models
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Now

from portal.environment import environment
from portal.leases.model import Lease, Leased, LeaseLost

MOST_TAKEOVERS = 20

Row = TypeVar("Row", bound=Leased)


def until() -> models.Expression:
    """When a lease taken or renewed now runs out, by the database's clock."""
    return Now() + Value(timedelta(seconds=environment().lease_seconds))


def expired() -> Q:
    return Q(lease_until__lt=Now())


def due() -> Q:
    """Not waiting for its next try."""
    return Q(retry_at=None) | Q(retry_at__lte=Now())


def held(model: type[Row], lease: Lease) -> QuerySet[Row]:
    """The row, as long as the lease is its newest."""
    return model._default_manager.filter(pk=lease.id, fence=lease.fence, lease_owner=lease.owner)


def lock(model: type[Row], lease: Lease) -> Row:
    """The row, locked to the end of the transaction. Raises LeaseLost."""
    row = held(model, lease).select_for_update(no_key=True).first()
    if row is None:
        raise LeaseLost
    return row


def renew(model: type[Row], lease: Lease) -> str:
    """Prolongs the lease; gives `stop_requested`. Raises LeaseLost."""
    if not held(model, lease).update(lease_until=until()):
        raise LeaseLost
    return held(model, lease).values_list("stop_requested", flat=True).first() or ""


def taken_over() -> Case:
    """The value of `takeovers` for whoever takes an abandoned row: one more, unless it was handed back."""
    return Case(When(lease_owner="", then=F("takeovers")), default=F("takeovers") + 1)


def worn_out(row: Leased) -> bool:
    """So many workers died of it that it is to blame itself."""
    return row.takeovers >= MOST_TAKEOVERS


def hand_back(model: type[Row], lease: Lease) -> bool:
    """Lets the lease run out at once, so that another worker goes on; False if it was lost."""
    return bool(held(model, lease).update(lease_until=Now() - Value(timedelta(seconds=1)), lease_owner=""))


def ended() -> dict[str, object]:
    """The columns of a row that nobody works on any more, for `update`."""
    return {"lease_owner": "", "lease_until": None, "retry_at": None}


def put_off(failures: int) -> dict[str, object]:
    """The columns of a row that waits for its next try: 10, 30, 90, 270 s by default."""
    wait = timedelta(seconds=environment().retry_seconds * 3 ** min(failures, 3))
    return {
        "lease_owner": "",
        "lease_until": None,
        "retry_at": Now() + Value(wait),
        "failures": F("failures") + 1,
    }

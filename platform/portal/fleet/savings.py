"""What the nodes cost, and what the same hours on-demand would have: node-hours times the price table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from portal.fleet.models import InstancePrice, NodeTime

_HOUR = Decimal(3600)


@dataclass(frozen=True)
class Hours:
    """How long nodes of one kind were there."""

    instance_type: str
    capacity_type: str
    seconds: float


@dataclass(frozen=True)
class Amount:
    """In one currency: what was paid, and what all of it would have been on-demand."""

    currency: str
    paid: Decimal
    on_demand: Decimal

    @property
    def saved(self) -> Decimal:
        return self.on_demand - self.paid


@dataclass(frozen=True)
class Savings:
    """`unpriced` are the instance types that were there and stand in no price table."""

    amounts: tuple[Amount, ...]
    unpriced: tuple[str, ...]
    spot_hours: float
    other_hours: float


def savings(since: datetime | None = None) -> Savings:
    """Of all the time that was counted, or of that since a moment (its whole hour)."""
    rows = NodeTime.objects.order_by()
    if since is not None:
        rows = rows.filter(hour__gte=since.replace(minute=0, second=0, microsecond=0))
    found = rows.values_list("instance_type", "capacity_type").annotate(all=Sum("seconds"))
    return reckon([Hours(*each) for each in found], {each.instance_type: each for each in prices()})


def prices() -> list[InstancePrice]:
    return list(InstancePrice.objects.all())


def reckon(hours: Iterable[Hours], table: Mapping[str, InstancePrice]) -> Savings:
    """Pure. What is no spot node is paid at the on-demand price."""
    paid: dict[str, Decimal] = defaultdict(Decimal)
    full: dict[str, Decimal] = defaultdict(Decimal)
    unpriced, spot, other = set(), 0.0, 0.0
    for each in hours:
        is_spot = each.capacity_type == "spot"
        spot += each.seconds if is_spot else 0
        other += 0 if is_spot else each.seconds
        price = table.get(each.instance_type)
        if price is None:
            unpriced.add(each.instance_type)
            continue
        long = Decimal(str(each.seconds)) / _HOUR
        paid[price.currency] += long * (price.spot if is_spot else price.on_demand)
        full[price.currency] += long * price.on_demand
    amounts = tuple(Amount(currency, paid[currency], full[currency]) for currency in sorted(paid))
    return Savings(amounts, tuple(sorted(unpriced)), spot / 3600, other / 3600)

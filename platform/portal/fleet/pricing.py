"""What an operator may do with the price table."""

from __future__ import annotations

import re
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.fleet.models import InstancePrice
from portal.problems import forbidden, invalid


@transaction.atomic
def set_price(
    *, by: Principal, instance_type: str, spot: Decimal, on_demand: Decimal, currency: str
) -> InstancePrice:
    """Writes down what an hour of an instance type costs, in place of what stood there."""
    if by.club is not None:
        raise forbidden("operator")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,63}", instance_type):
        raise invalid(
            "bad-instance-type", _("That is no instance type."), _("Write it as the nodes do: m7g.large.")
        )
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise invalid(
            "bad-currency", _("That is no currency."), _("Use three capital letters, as in USD or KRW.")
        )
    if spot < 0 or on_demand < 0:
        raise invalid("bad-price", _("A price is not below nothing."), _("Use 0 or more."))
    price, _created = InstancePrice.objects.update_or_create(
        instance_type=instance_type, defaults={"spot": spot, "on_demand": on_demand, "currency": currency}
    )
    audit.record(
        by,
        "set_price",
        instance_type=instance_type,
        spot=str(spot),
        on_demand=str(on_demand),
        currency=currency,
    )
    return price


@transaction.atomic
def remove_price(*, by: Principal, instance_type: str) -> None:
    """Takes an instance type out of the table; harmless when it does not stand there."""
    if by.club is not None:
        raise forbidden("operator")
    deleted, _rows = InstancePrice.objects.filter(instance_type=instance_type).delete()
    if deleted:
        audit.record(by, "remove_price", instance_type=instance_type)

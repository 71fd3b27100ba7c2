"""The columns of a row that one worker at a time may work on."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models


class LeaseLost(Exception):
    """Another worker holds the row (or its work was ended): whoever gets this stops, writing nothing."""


@dataclass(frozen=True)
class Lease:
    """Proof of the right to write: `fence` grows with every claim, so a late worker's is too small."""

    id: int
    owner: str
    fence: int


class Leased(models.Model):
    """`attempt` numbers the tries that start from nothing (its machine was lost), `failures` counts what
    the platform could not do, `takeovers` how often its worker died. The database's clock decides when a
    lease has run out. `stop_requested` is the state that the work shall end in instead ("cancelled",
    "superseded")."""

    attempt = models.IntegerField(default=1)
    failures = models.IntegerField(default=0)
    takeovers = models.IntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    stop_requested = models.CharField(max_length=16, blank=True)

    class Meta:
        abstract = True

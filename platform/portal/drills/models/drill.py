from __future__ import annotations

from typing import Any

from django.db import models

from portal.leases.model import Leased
from portal.states import machine


class DrillState(models.TextChoices):
    PENDING = "pending"
    ORDERING = "ordering"
    WATCHING = "watching"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


DRILL_STATES = machine(
    "drill",
    pending="ordering failed cancelled",
    # The order may have been given from here on: it is given again, which changes nothing.
    ordering="watching failed",
    watching="finished failed",
    finished="",
    failed="",
    cancelled="",
)
OPEN = (DrillState.PENDING, DrillState.ORDERING, DrillState.WATCHING)


class Drill(Leased):
    """One node, interrupted on purpose. The figures are those of all its projects together.

    `interruption` is the id of the spot handler's record. `unwatched_seconds` is for how long nobody asked
    the projects, as the worker was replaced. `score` is the share of requests that were answered, in percent.
    """

    node = models.CharField(max_length=253)
    instance_id = models.CharField(max_length=64)
    zone = models.CharField(max_length=63, blank=True)
    instance_type = models.CharField(max_length=63, blank=True)
    provider = models.CharField(max_length=16)
    reference = models.CharField(max_length=200, blank=True)
    created_by = models.CharField(max_length=100)
    state = models.CharField(max_length=16, choices=DrillState.choices, default=DrillState.PENDING)
    explanation: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    interruption = models.CharField(max_length=63, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ordered_at = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True)
    watched_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    unwatched_seconds = models.FloatField(default=0)
    requests = models.BigIntegerField(default=0)
    failed_requests = models.BigIntegerField(default=0)
    longest_gap_seconds = models.FloatField(default=0)
    score = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="one_drill_at_a_time", condition=models.Q(state__in=OPEN)
            )
        ]

    def __str__(self) -> str:
        return f"drill {self.pk} ({self.node}, {self.state})"

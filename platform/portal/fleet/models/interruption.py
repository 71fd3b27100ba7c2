from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from portal.fleet.states import InterruptionState


class Interruption(models.Model):
    """One node's end, as the spot handler last told it (`revision`, at `received_at`)."""

    id = models.CharField(primary_key=True, max_length=63)
    revision = models.BigIntegerField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=InterruptionState.choices)
    node = models.CharField(max_length=253)
    instance_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    capacity_type = models.CharField(max_length=63, blank=True)
    zone = models.CharField(max_length=63, blank=True)
    instance_type = models.CharField(max_length=63, blank=True)
    sources = ArrayField(models.CharField(max_length=64))
    detail = models.TextField(blank=True)
    noticed_at = models.DateTimeField()
    deadline = models.DateTimeField(null=True, blank=True)
    fenced_at = models.DateTimeField(null=True, blank=True)
    moving_at = models.DateTimeField(null=True, blank=True)
    clear_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-noticed_at", "-id"]
        indexes = [
            models.Index(fields=["-noticed_at", "-id"], name="interruptions_newest"),
            models.Index(fields=["node", "-noticed_at"], name="interruptions_of_node"),
            models.Index(fields=["received_at"], name="interruptions_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.node}, {self.state})"

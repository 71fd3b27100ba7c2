from __future__ import annotations

from typing import Any

from django.db import models


class EventKind(models.TextChoices):
    DEPLOY_FAILED = "deploy-failed"
    LIVE = "live"
    GAP = "gap"
    BUDGET = "budget"
    SUSPENSION = "suspension"
    REQUEST = "request"
    TEST = "test"


class Event(models.Model):
    """Something that people are told of, once: `key` says what it is. `data` is what its words need."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=16, choices=EventKind.choices)
    club = models.ForeignKey("clubs.Club", on_delete=models.CASCADE, null=True, related_name="events")
    project = models.CharField(max_length=63, blank=True)
    at = models.DateTimeField()
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="events_by_age")]

    def __str__(self) -> str:
        return self.key

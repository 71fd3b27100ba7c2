from __future__ import annotations

from typing import Any

from django.db import models


class AuditEntry(models.Model):
    """Who did what, to what, from where. Names are kept as text: an entry outlives what it tells of."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=100)
    action = models.CharField(max_length=50)
    club = models.CharField(max_length=63, blank=True)
    project = models.CharField(max_length=63, blank=True)
    address = models.CharField(max_length=64, blank=True)
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["club", "-id"])]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.club}/{self.project}"

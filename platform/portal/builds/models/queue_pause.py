from __future__ import annotations

from django.db import models


class QueuePause(models.Model):
    """A stretch in which no build starts because an operator wants it so; `why` is shown to all who wait."""

    begun_at = models.DateTimeField(auto_now_add=True)
    begun_by = models.CharField(max_length=100)
    why = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="one_pause_at_a_time", condition=models.Q(ended_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"since {self.begun_at}: {self.why}"

from __future__ import annotations

from django.db import models


class LogKind(models.TextChoices):
    PLATFORM = "platform"
    BUILD = "build"
    ROLLOUT = "rollout"


class LogEntry(models.Model):
    """One line of a stream. `at` is the line's own time, `sequence` its place (from 1, without gaps)."""

    stream = models.ForeignKey("builds.LogStream", on_delete=models.CASCADE, related_name="entries")
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=LogKind.choices)
    text = models.TextField()

    class Meta:
        ordering = ["stream_id", "sequence"]
        constraints = [models.UniqueConstraint(fields=["stream", "sequence"], name="one_entry_a_sequence")]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.text[:60]}"

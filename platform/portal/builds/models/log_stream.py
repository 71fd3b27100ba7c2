from __future__ import annotations

from typing import Any

from django.db import models

from portal.states import machine


class StreamKind(models.TextChoices):
    PUSH = "push"
    REBUILD = "rebuild"
    ROLLBACK = "rollback"
    CONFIG = "config"
    REDEPLOY = "redeploy"
    RESTART = "restart"
    SCALE = "scale"
    ADDRESS = "address"


class StreamState(models.TextChoices):
    OPEN = "open"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


STREAM_STATES = machine(
    "log stream",
    open="succeeded failed cancelled superseded",
    succeeded="",
    failed="",
    cancelled="",
    superseded="",
)


class LogStream(models.Model):
    """What a pusher sees of one change, from its first line to its end; kept, but for the lines of long ago
    (`portal.builds.retention`)."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="streams")
    kind = models.CharField(max_length=16, choices=StreamKind.choices)
    state = models.CharField(max_length=16, choices=StreamState.choices, default=StreamState.OPEN)
    last_sequence = models.BigIntegerField(default=0)
    # Of all lines together.
    characters = models.BigIntegerField(default=0, db_default=0)
    explanation: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"

    @property
    def exit_code(self) -> int:
        """What `git push` and `madang attach` end with: 0 only if the change is live."""
        return 0 if self.state == StreamState.SUCCEEDED else 1

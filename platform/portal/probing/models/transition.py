from __future__ import annotations

from typing import Any

from django.db import models


class Transition(models.Model):
    """A project's address began to answer, or ceased to; or it fails for another reason than before."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="transitions")
    at = models.DateTimeField()
    ok = models.BooleanField()
    status = models.IntegerField(null=True, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project", "-id"], name="transitions_of_project"),
            models.Index(fields=["at"], name="transitions_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.at}: {'ok' if self.ok else self.reason}"

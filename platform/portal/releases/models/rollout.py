from __future__ import annotations

from typing import Any

from django.db import models

from portal.releases.models.progressing import Progressing
from portal.states import machine


class RolloutState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    UNDOING = "undoing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUPERSEDED = "superseded"


ROLLOUT_STATES = machine(
    "rollout",
    queued="running superseded",
    running="queued undoing succeeded failed superseded",
    undoing="failed",
    succeeded="",
    failed="",
    superseded="",
)


class Rollout(Progressing):
    """The act of making one release live. `fence` comes from the project's counter: the cluster compares
    the fences of different rollouts of a project."""

    release = models.OneToOneField("releases.Release", on_delete=models.CASCADE, related_name="rollout")
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="rollouts")
    stream = models.OneToOneField("builds.LogStream", on_delete=models.RESTRICT, related_name="rollout")
    state = models.CharField(max_length=16, choices=RolloutState.choices, default=RolloutState.QUEUED)
    # The time of the release command's last line that was handed on.
    log_since = models.DateTimeField(null=True, blank=True)
    # Nodes that went with its release command, each of which it began anew for.
    nodes_lost = models.PositiveSmallIntegerField(default=0)
    explanation: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                name="one_rollout_at_work_a_project",
                condition=models.Q(state__in=["running", "undoing"]),
            )
        ]

    def __str__(self) -> str:
        return f"rollout {self.pk} ({self.state})"

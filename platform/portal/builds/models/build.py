from __future__ import annotations

from typing import Any

from django.db import models

from portal.leases.model import Leased
from portal.states import machine


class BuildState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


BUILD_STATES = machine(
    "build",
    queued="running cancelled superseded",
    # back to queued: the platform failed, the next attempt begins
    running="queued succeeded failed cancelled",
    succeeded="",
    failed="",
    cancelled="",
    superseded="",
)


class Build(Leased):
    """One commit on its way to one image digest. `explanation` is Explanation.to_row() of how it ended."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="builds")
    stream = models.OneToOneField("builds.LogStream", on_delete=models.RESTRICT, related_name="build")
    # The build of the same commit that this one tries again.
    again_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="rebuilds"
    )
    commit = models.CharField(max_length=64)
    branch = models.CharField(max_length=250)
    pushed_by = models.CharField(max_length=100)
    plan: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    archive_path = models.CharField(max_length=500)
    archive_bytes = models.BigIntegerField()
    archive_sha256 = models.CharField(max_length=64)
    # Builds of one commit may share an archive; once it is let go, nothing is built from it any more.
    source_kept = models.BooleanField(default=True, db_default=True)
    source_token_hash = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=BuildState.choices, default=BuildState.QUEUED)
    explanation: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    digest = models.CharField(max_length=80, blank=True)
    # Up to where the Job's log is in the stream: whoever follows it next goes on from there.
    log_since = models.DateTimeField(null=True, blank=True)
    # When an operator let it jump the queue.
    jumped_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # When the cluster held nothing of it any more.
    cleaned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"], name="builds_open", condition=models.Q(state__in=["queued", "running"])
            ),
            models.Index(fields=["id"], name="builds_unclean", condition=models.Q(cleaned_at=None)),
            models.Index(fields=["started_at"], name="builds_started"),
            models.Index(fields=["archive_path"], name="builds_of_an_archive"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], name="one_running_build_a_project", condition=models.Q(state="running")
            )
        ]

    def __str__(self) -> str:
        return f"build {self.pk} ({self.commit[:7]}, {self.state})"

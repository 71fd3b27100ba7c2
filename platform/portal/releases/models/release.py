from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from portal.states import machine


class ReleaseState(models.TextChoices):
    PENDING = "pending"
    ROLLING_OUT = "rolling_out"
    LIVE = "live"
    RETIRED = "retired"
    FAILED = "failed"


RELEASE_STATES = machine(
    "release",
    # retired without having been live: a newer release took its turn
    pending="rolling_out failed retired",
    rolling_out="live failed retired",
    live="retired",
    retired="",
    failed="",
)


class Release(models.Model):
    """Version `number` of a project: an image, config and resources, never changed after it was made.

    `encrypted_config` is the environment as JSON, encrypted (`portal.encryption`); empty once the image is
    gone. `went_live_at` is None for a release that never served.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="releases")
    number = models.IntegerField()
    build = models.ForeignKey("builds.Build", on_delete=models.RESTRICT, related_name="releases")
    digest = models.CharField(max_length=80)
    encrypted_config = models.BinaryField()
    port = models.IntegerField()
    command = ArrayField(models.TextField(), null=True)
    health_path = models.CharField(max_length=200, null=True)
    replicas = models.IntegerField()
    memory_bytes = models.BigIntegerField()
    cpu_millicores = models.IntegerField()
    created_by = models.CharField(max_length=100)
    description = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=ReleaseState.choices, default=ReleaseState.PENDING)
    reason = models.CharField(max_length=64, blank=True)
    image_kept = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    went_live_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_release_a_number"),
            models.UniqueConstraint(
                fields=["project"], name="one_live_release_a_project", condition=models.Q(state="live")
            ),
        ]

    def __str__(self) -> str:
        return f"release {self.number} ({self.state})"

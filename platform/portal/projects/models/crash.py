from __future__ import annotations

from django.db import models


class Crash(models.Model):
    """One end of a running copy that nobody asked for. `log` is what it printed last, secrets hidden.

    `restarts` counts the ends of that copy: with its uid, each is kept once.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="crashes")
    release = models.IntegerField()
    pod = models.CharField(max_length=253)
    pod_uid = models.CharField(max_length=64)
    restarts = models.IntegerField()
    at = models.DateTimeField()
    exit_code = models.IntegerField()
    reason = models.CharField(max_length=64)
    log = models.TextField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["project", "-at"], name="crashes_newest")]
        constraints = [models.UniqueConstraint(fields=["pod_uid", "restarts"], name="one_row_an_end")]

    def __str__(self) -> str:
        return f"{self.pod}: {self.reason} ({self.exit_code})"

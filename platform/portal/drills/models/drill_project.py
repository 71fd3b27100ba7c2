from __future__ import annotations

from django.db import models


class DrillProject(models.Model):
    """What a project's visitors met. `seconds` is [[seconds since the order, requests, failures], …].

    `answered_before` is False for one that did not answer before the order: its failures say nothing.
    `reasons` counts the failures by what went wrong.
    """

    drill = models.ForeignKey("drills.Drill", on_delete=models.CASCADE, related_name="projects")
    club = models.CharField(max_length=63)
    project = models.CharField(max_length=63)
    hostname = models.CharField(max_length=253)
    path = models.CharField(max_length=200, default="/")
    sole = models.BooleanField(default=False)
    answered_before = models.BooleanField(null=True)
    requests = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    longest_gap_seconds = models.FloatField(default=0)
    slowest_seconds = models.FloatField(default=0)
    seconds: models.JSONField[list[list[int]], list[list[int]]] = models.JSONField(default=list)
    reasons: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["-failures", "-longest_gap_seconds", "club", "project"]
        constraints = [
            models.UniqueConstraint(fields=["drill", "club", "project"], name="one_project_a_drill")
        ]

    def __str__(self) -> str:
        return f"{self.club}/{self.project}: {self.failures} of {self.requests}"

    @property
    def score(self) -> float | None:
        """The share of requests that were answered, in percent; None: nothing was asked."""
        return 100 * (self.requests - self.failures) / self.requests if self.requests else None

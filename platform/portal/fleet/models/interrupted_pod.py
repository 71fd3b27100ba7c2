from __future__ import annotations

from django.db import models

from portal.fleet.states import PodState, Way


class InterruptedPod(models.Model):
    """A pod that stood on the node. `gap_seconds` is how long it did not serve; None: not known (yet)."""

    interruption = models.ForeignKey("fleet.Interruption", on_delete=models.CASCADE, related_name="pods")
    namespace = models.CharField(max_length=63)
    name = models.CharField(max_length=253)
    uid = models.CharField(max_length=64)
    owner = models.CharField(max_length=320, blank=True)
    club = models.CharField(max_length=63, blank=True)
    project = models.CharField(max_length=63, blank=True)
    way = models.CharField(max_length=16, choices=Way.choices)
    state = models.CharField(max_length=16, choices=PodState.choices)
    detached_at = models.DateTimeField(null=True, blank=True)
    replacement = models.CharField(max_length=253, blank=True)
    replacement_node = models.CharField(max_length=253, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    unserved_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    blocked_since = models.DateTimeField(null=True, blank=True)
    blocked_reason = models.TextField(blank=True)
    gap_seconds = models.FloatField(null=True, blank=True)
    gap_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["namespace", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["interruption", "uid"], name="one_row_a_pod")]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name} ({self.state})"

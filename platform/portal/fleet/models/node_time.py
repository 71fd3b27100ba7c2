from __future__ import annotations

from django.db import models


class NodeTime(models.Model):
    """For how many seconds of an hour nodes of one kind were there, all together."""

    hour = models.DateTimeField()
    instance_type = models.CharField(max_length=63, blank=True)
    capacity_type = models.CharField(max_length=63, blank=True)
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "instance_type", "capacity_type"], name="one_node_time_an_hour"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h {self.instance_type} {self.capacity_type}: {self.seconds:.0f} s"

from __future__ import annotations

from django.db import models


class Counted(models.Model):
    """How far one pod of the ingress controller had counted a project's requests when it was asked last."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="counted")
    source = models.CharField(max_length=253)
    requests = models.BigIntegerField()
    errors = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "source"], name="one_count_a_source")]

    def __str__(self) -> str:
        return f"{self.source}: {self.requests}"

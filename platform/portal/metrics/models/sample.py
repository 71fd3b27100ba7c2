from __future__ import annotations

from django.db import models


class Sample(models.Model):
    """What a project used in the `step_seconds` from `at` on: of all its copies, on average.

    `memory_peak_bytes` is the most. `requests` were answered in that time, `errors` of them with a 5xx
    status; None: the ingress controller was not asked, or does not tell.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="samples")
    step_seconds = models.IntegerField()
    at = models.DateTimeField()
    copies = models.FloatField()
    cpu_millicores = models.FloatField()
    memory_bytes = models.BigIntegerField()
    memory_peak_bytes = models.BigIntegerField()
    requests = models.BigIntegerField(null=True)
    errors = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "step_seconds", "at"], name="one_sample_a_step")
        ]
        indexes = [models.Index(fields=["step_seconds", "at"], name="samples_by_age")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} ({self.step_seconds} s)"

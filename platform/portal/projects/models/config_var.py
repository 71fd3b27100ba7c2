from __future__ import annotations

from django.db import models


class ConfigVar(models.Model):
    """One variable of a project's environment; the value is encrypted (`portal.secrets`)."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="config_vars")
    name = models.CharField(max_length=100)
    encrypted = models.BinaryField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_config_name_a_project")]

    def __str__(self) -> str:
        return self.name

from __future__ import annotations

from django.db import models


class NodeSampling(models.Model):
    """One row: when the cluster's nodes were last counted."""

    sampled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"nodes counted at {self.sampled_at}"

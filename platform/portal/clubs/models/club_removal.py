from __future__ import annotations

from django.db import models


class ClubRemoval(models.Model):
    """A deleted club whose namespace the cluster still holds; until that is gone the name stays taken."""

    slug = models.CharField(max_length=30, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.slug

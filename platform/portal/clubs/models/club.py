from __future__ import annotations

from django.db import models


class Club(models.Model):
    """A tenant: one namespace `club-<slug>` and its budget: what its pods take there, how many projects it
    has, and how many of its builds run at once."""

    slug = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    memory_bytes = models.BigIntegerField(default=4 << 30)
    cpu_millicores = models.IntegerField(default=4000)
    pods = models.IntegerField(default=20)
    max_projects = models.IntegerField(default=20)
    builds = models.IntegerField(default=2)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

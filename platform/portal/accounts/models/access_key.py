from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class AccessKey(models.Model):
    """A club's credential; the secret itself is never stored, only its keyed digest."""

    id = models.CharField(primary_key=True, max_length=16)
    club = models.ForeignKey("clubs.Club", on_delete=models.CASCADE, related_name="keys")
    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, null=True, blank=True, related_name="keys"
    )
    name = models.CharField(max_length=100)
    scopes = ArrayField(models.CharField(max_length=16))
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=100)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"mdg_{self.id}_…"

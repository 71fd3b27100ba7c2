from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.clubs.models.membership import Role


class Invitation(models.Model):
    """Somebody is asked by e-mail to join a club; only a digest of the link's token is kept."""

    club = models.ForeignKey("clubs.Club", on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    language = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["club", "-id"])]

    def __str__(self) -> str:
        return f"{self.email} asked to join {self.club} as {self.role}"

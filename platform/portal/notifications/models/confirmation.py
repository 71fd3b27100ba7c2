from __future__ import annotations

from django.conf import settings
from django.db import models


class Confirmation(models.Model):
    """A mail that asked whether an address wants a channel's messages; its link confirms once.

    It outlives the channel, without the address: so many may be asked by a club or a person, and so often one
    address, whatever is added and removed. Of a channel only the newest confirms.
    """

    channel = models.ForeignKey(
        "notifications.Channel", on_delete=models.SET_NULL, null=True, related_name="confirmations"
    )
    club = models.ForeignKey("clubs.Club", on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    address_digest = models.CharField(max_length=64)
    asked_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["address_digest", "asked_at"], name="confirmations_of_address")]

    def __str__(self) -> str:
        return f"confirmation {self.pk}"

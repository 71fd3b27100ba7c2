from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ChannelKind(models.TextChoices):
    EMAIL = "email"
    DISCORD = "discord"
    SLACK = "slack"
    WEBHOOK = "webhook"


class Channel(models.Model):
    """A way to a club or to a person; exactly one of the two. `events` are the kinds that go there.

    The target (an address) may let whoever knows it write to a chat: it is encrypted. `encrypted_secret`
    signs what a generic webhook gets. `confirmed_at` None: an e-mail address that was asked and has not
    agreed yet; nothing else is sent there.
    """

    club = models.ForeignKey("clubs.Club", on_delete=models.CASCADE, null=True, related_name="channels")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="channels"
    )
    kind = models.CharField(max_length=16, choices=ChannelKind.choices)
    name = models.CharField(max_length=100)
    encrypted_target = models.BinaryField()
    encrypted_secret = models.BinaryField(null=True)
    events = ArrayField(models.CharField(max_length=16))
    language = models.CharField(max_length=8, default="en")
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=100)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(club=None) ^ models.Q(user=None), name="channel_of_a_club_or_a_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

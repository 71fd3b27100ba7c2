from __future__ import annotations

from django.db import models

from portal.leases.model import Leased
from portal.states import machine


class DeliveryState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


DELIVERY_STATES = machine("delivery", waiting="sent failed", sent="", failed="")


class Delivery(Leased):
    """One event on its way to one channel. `answer` is what the other side last said; a mail is then in the
    outbox as `mail`."""

    channel = models.ForeignKey("notifications.Channel", on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey("notifications.Event", on_delete=models.CASCADE, related_name="deliveries")
    mail = models.ForeignKey("mail.OutgoingMail", on_delete=models.SET_NULL, null=True)
    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    answer = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="deliveries_open", condition=models.Q(state="waiting")),
            models.Index(fields=["channel", "-id"], name="deliveries_of_channel"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["channel", "event"], name="one_delivery_of_an_event_a_channel")
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} ({self.state})"

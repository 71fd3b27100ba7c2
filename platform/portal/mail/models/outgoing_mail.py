from __future__ import annotations

from django.db import models

from portal.leases.model import Leased
from portal.states import machine


class MailState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


MAIL_STATES = machine(
    "mail",
    waiting="sent failed",
    sent="",
    # an operator has it tried again
    failed="waiting",
)


class OutgoingMail(Leased):
    """One mail to one person, in plain text. A worker sends it; `trouble` is why the last try failed.

    The text may hold a link that lets somebody in: it is encrypted, as the link of `List-Unsubscribe` is, and
    forgotten once it is sent.
    """

    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    encrypted_body = models.BinaryField()
    # Of the page that ends such mails; empty where there is none.
    encrypted_unsubscribe = models.BinaryField(default=b"")
    language = models.CharField(max_length=8, blank=True)
    state = models.CharField(max_length=16, choices=MailState.choices, default=MailState.WAITING)
    trouble = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"])]

    def __str__(self) -> str:
        return f"mail {self.pk} to {self.recipient} ({self.state})"

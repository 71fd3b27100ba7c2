from __future__ import annotations

from django.db import models

from portal.encryption import decrypt


class CaughtMail(models.Model):
    """A mail that went nowhere, as no mail server is set: operators read it on a page of theirs."""

    sender = models.CharField(max_length=254)
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    encrypted_body = models.BinaryField()
    language = models.CharField(max_length=8, blank=True)
    caught_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["recipient", "-id"])]

    def __str__(self) -> str:
        return f"to {self.recipient}: {self.subject}"

    @property
    def body(self) -> str:
        return decrypt(self.encrypted_body)

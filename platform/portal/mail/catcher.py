"""Where mails go while no mail server is set (MADANG_EMAIL_URL): into PostgreSQL, for operators to read."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from portal.encryption import encrypt
from portal.mail.models import CaughtMail

KEPT = 500


class Catcher(BaseEmailBackend):
    """Keeps the newest `KEPT` mails."""

    @transaction.atomic
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            for recipient in message.recipients():
                CaughtMail.objects.create(
                    sender=message.from_email,
                    recipient=recipient,
                    subject=str(message.subject),
                    encrypted_body=encrypt(str(message.body)),
                    language=str(message.extra_headers.get("Content-Language", "")),
                )
        newest = CaughtMail.objects.order_by("-id").values("pk")[:KEPT]
        CaughtMail.objects.exclude(pk__in=newest).delete()
        return len(email_messages)

"""Django's way into the outbox: whatever sends by `django.core.mail` gets durability with it."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import get_language

from portal.mail.actions import post


class Outbox(BaseEmailBackend):
    """Nothing is sent here: rows are written, in the transaction of whoever asks, and a worker sends them.

    Only the plain text goes; attachments and alternatives in HTML are left out.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            for recipient in message.recipients():
                post(
                    to=recipient,
                    subject=str(message.subject),
                    body=str(message.body),
                    language=get_language() or "",
                )
        return len(email_messages)

"""Reads of mails, for operators."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from portal.mail.models import CaughtMail, MailState, OutgoingMail


def undelivered() -> QuerySet[OutgoingMail]:
    """What a mail server has refused at least once and has not taken since, the newest first."""
    tried = Q(state=MailState.WAITING, failures__gt=0)
    return OutgoingMail.objects.filter(tried | Q(state=MailState.FAILED)).order_by("-id")


def caught(recipient: str = "") -> QuerySet[CaughtMail]:
    """What the mail catcher has, the newest first."""
    mails = CaughtMail.objects.order_by("-id")
    return mails.filter(recipient__iexact=recipient) if recipient else mails

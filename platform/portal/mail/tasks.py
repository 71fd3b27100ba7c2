"""Celery's way to mails: a message carries an id and nothing else."""

from __future__ import annotations

from celery import shared_task

from portal.mail import sending


@shared_task(name="portal.mail.tasks.deliver")  # type: ignore[untyped-decorator]
def deliver(mail_id: int) -> None:
    sending.deliver(mail_id)

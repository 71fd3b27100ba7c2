"""Celery's way to notifications: a message carries an id and nothing else."""

from __future__ import annotations

from celery import shared_task

from portal.notifications import collecting, sending


@shared_task(name="portal.notifications.tasks.deliver")  # type: ignore[untyped-decorator]
def deliver(delivery_id: int) -> None:
    sending.deliver(delivery_id)


@shared_task(name="portal.notifications.tasks.collect")  # type: ignore[untyped-decorator]
def collect(_: int = 0) -> None:
    collecting.collect()

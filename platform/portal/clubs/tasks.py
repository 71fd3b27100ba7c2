"""Celery's way to clubs: a message carries an id and nothing else."""

from __future__ import annotations

from celery import shared_task

from portal.clubs import closing


@shared_task(name="portal.clubs.tasks.remove_club")  # type: ignore[untyped-decorator]
def remove_club(removal_id: int) -> None:
    closing.remove(removal_id)

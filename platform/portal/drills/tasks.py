"""Celery's way to drills: a message carries an id and nothing else."""

from __future__ import annotations

from celery import shared_task

from portal.drills import running


@shared_task(name="portal.drills.tasks.run_drill")  # type: ignore[untyped-decorator]
def run_drill(drill_id: int) -> None:
    running.run(drill_id)

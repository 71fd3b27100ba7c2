"""Celery's way to builds: a message carries an id and nothing else."""

from __future__ import annotations

from celery import shared_task

from portal.builds import running


@shared_task(name="portal.builds.tasks.run_build")  # type: ignore[untyped-decorator]
def run_build(build_id: int) -> None:
    running.run(build_id)

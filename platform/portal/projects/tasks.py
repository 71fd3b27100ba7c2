"""Celery's way to projects: a message carries an id and nothing else."""

from __future__ import annotations

from celery import shared_task

from portal.projects import removal


@shared_task(name="portal.projects.tasks.remove_project")  # type: ignore[untyped-decorator]
def remove_project(project_id: int) -> None:
    removal.remove(project_id)

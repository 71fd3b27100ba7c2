"""Celery's way to rollouts: a message carries an id and nothing else."""

from __future__ import annotations

from celery import shared_task

from portal.releases import running


@shared_task(name="portal.releases.tasks.run_rollout")  # type: ignore[untyped-decorator]
def run_rollout(rollout_id: int) -> None:
    running.run(rollout_id)

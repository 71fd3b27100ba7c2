"""Celery's way to rollouts: a message carries an id and nothing else."""

from __future__ import annotations

from celery import shared_task

from portal.releases import halt_running, halting, running


@shared_task(name="portal.releases.tasks.run_rollout")  # type: ignore[untyped-decorator]
def run_rollout(rollout_id: int) -> None:
    running.run(rollout_id)


@shared_task(name="portal.releases.tasks.halt")  # type: ignore[untyped-decorator]
def halt(_: int = 0) -> None:
    halting.halt()


@shared_task(name="portal.releases.tasks.run_halt")  # type: ignore[untyped-decorator]
def run_halt(halt_id: int) -> None:
    halt_running.run(halt_id)

"""Celery's way to the prober, started by beat."""

from __future__ import annotations

from celery import shared_task

from portal.probing import rounds


@shared_task(name="portal.probing.tasks.probe")  # type: ignore[untyped-decorator]
def probe() -> None:
    rounds.probe()

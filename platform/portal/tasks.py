"""Celery's own rounds, started by beat."""

from __future__ import annotations

from celery import shared_task

from portal import sweeping
from portal.fleet.retention import forget
from portal.registry import collection as registry_collection
from portal.registry import retention as retention_rounds


@shared_task(name="portal.tasks.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    sweeping.sweep()


@shared_task(name="portal.tasks.retention")  # type: ignore[untyped-decorator]
def retention() -> None:
    forget()
    retention_rounds.collect()


@shared_task(name="portal.tasks.registry_garbage")  # type: ignore[untyped-decorator]
def registry_garbage() -> None:
    registry_collection.collect_garbage()

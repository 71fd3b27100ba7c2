"""Celery's own rounds, started by beat."""

from __future__ import annotations

import logging

from celery import shared_task

from deployer.errors import DeployerError
from portal import sweeping
from portal.accounts import forgotten_sessions
from portal.builds import retention as builds_retention
from portal.fleet.retention import forget
from portal.fleet.sampling import sample
from portal.mail import retention as mail_retention
from portal.metrics import rolling, sampling
from portal.notifications import retention as notifications_retention
from portal.probing import retention as probing_retention
from portal.projects import crashes, given_up
from portal.registry import collection as registry_collection
from portal.registry import retention as retention_rounds
from portal.registry import space
from portal.signups import retention as signup_retention
from portal.web import once

logger = logging.getLogger(__name__)


@shared_task(name="portal.tasks.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    sweeping.sweep()


@shared_task(name="portal.tasks.retention")  # type: ignore[untyped-decorator]
def retention() -> None:
    forget()
    forgotten_sessions.forget()
    builds_retention.forget()
    crashes.forget()
    given_up.forget()
    mail_retention.forget()
    probing_retention.forget()
    notifications_retention.forget()
    signup_retention.forget()
    once.forget()
    retention_rounds.collect()
    space.forget()


@shared_task(name="portal.tasks.registry_garbage")  # type: ignore[untyped-decorator]
def registry_garbage() -> None:
    registry_collection.collect_garbage()


@shared_task(name="portal.tasks.count_nodes")  # type: ignore[untyped-decorator]
def count_nodes() -> None:
    try:
        sample()
    except DeployerError as error:
        logger.warning("nodes not counted", extra={"explanation": error.explanation.to_dict()})


@shared_task(name="portal.tasks.look_for_crashes")  # type: ignore[untyped-decorator]
def look_for_crashes() -> None:
    try:
        crashes.look()
    except DeployerError as error:
        logger.warning("crashes not read", extra={"explanation": error.explanation.to_dict()})


@shared_task(name="portal.tasks.measure_projects")  # type: ignore[untyped-decorator]
def measure_projects() -> None:
    try:
        sampling.sample()
    except DeployerError as error:
        logger.warning("projects not measured", extra={"explanation": error.explanation.to_dict()})


@shared_task(name="portal.tasks.roll_up_samples")  # type: ignore[untyped-decorator]
def roll_up_samples() -> None:
    rolling.roll_up()

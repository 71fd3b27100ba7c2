"""Messages that make a worker look at a row; losing one costs a sweep, no more."""

from __future__ import annotations

import logging

from kombu.exceptions import OperationalError

from portal.celery import app

logger = logging.getLogger(__name__)

# Older than this, a message says nothing that the next sweep has not said.
EXPIRES_SECONDS = 120


def nudge_build(build_id: int) -> None:
    _send("portal.builds.tasks.run_build", build_id)


def nudge_waiting_builds() -> None:
    """Room has come free, or more may be there than is used."""
    from portal.builds.queue import startable

    for build_id in startable():
        nudge_build(build_id)


def nudge_rollout(rollout_id: int) -> None:
    _send("portal.releases.tasks.run_rollout", rollout_id)


def nudge_waiting_rollouts() -> None:
    """A project's turn has come free: for a rollout, or for a halt."""
    from portal.releases import halts
    from portal.releases.queue import startable

    for rollout_id in startable():
        nudge_rollout(rollout_id)
    for halt_id in halts.startable():
        nudge_halt(halt_id)


def nudge_halting() -> None:
    """A club was suspended or resumed."""
    _send("portal.releases.tasks.halt", 0)


def nudge_halt(halt_id: int) -> None:
    _send("portal.releases.tasks.run_halt", halt_id)


def nudge_removal(project_id: int) -> None:
    _send("portal.projects.tasks.remove_project", project_id)


def nudge_club_removal(removal_id: int) -> None:
    _send("portal.clubs.tasks.remove_club", removal_id)


def nudge_mail(mail_id: int) -> None:
    _send("portal.mail.tasks.deliver", mail_id)


def nudge_delivery(delivery_id: int) -> None:
    _send("portal.notifications.tasks.deliver", delivery_id)


def nudge_events() -> None:
    """Something has happened that people may want to be told of."""
    _send("portal.notifications.tasks.collect", 0)


def nudge_drill(drill_id: int) -> None:
    _send("portal.drills.tasks.run_drill", drill_id)


def _send(task: str, row_id: int) -> None:
    try:
        app.send_task(task, args=[row_id], expires=EXPIRES_SECONDS, retry=False)
    except OperationalError:
        logger.warning("no nudge sent, the sweep will", extra={"task": task, "row": row_id})

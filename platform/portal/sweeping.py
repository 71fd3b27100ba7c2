"""What is looked after regularly: everything that a lost message or a dead worker has left."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from portal.accounts import shown_once
from portal.accounts.actions import retire_expired_keys
from portal.accounts.principal import platform
from portal.builds import queue as builds
from portal.builds.cleaning import clean, unclean
from portal.clubs.models import ClubRemoval
from portal.drills import queue as drills
from portal.mail.sending import sendable
from portal.notifications.sending import sendable as deliveries
from portal.nudge import (
    nudge_build,
    nudge_club_removal,
    nudge_delivery,
    nudge_drill,
    nudge_mail,
    nudge_removal,
    nudge_rollout,
)
from portal.projects.models import Project
from portal.releases import halting
from portal.releases import queue as rollouts

_CLEANED_AT_ONCE = 20
_MAILS_AT_ONCE = 100


@dataclass(frozen=True)
class Swept:
    """How many of each were nudged or done."""

    builds: int
    rollouts: int
    removals: int
    club_removals: int
    mails: int
    cleaned: int
    expired_keys: int


def sweep() -> Swept:
    """Nudges rows and mails that wait or were abandoned, halts projects of suspended clubs, removes Jobs of
    ended builds, notes expired keys, forgets secrets that nobody came for."""
    build_ids, rollout_ids = builds.startable(), rollouts.startable()
    removal_ids = list(Project.objects.exclude(deleted_at=None).values_list("id", flat=True))
    club_removal_ids = list(ClubRemoval.objects.values_list("id", flat=True))
    for build_id in build_ids:
        nudge_build(build_id)
    for rollout_id in rollout_ids:
        nudge_rollout(rollout_id)
    halting.halt()
    for project_id in removal_ids:
        nudge_removal(project_id)
    for removal_id in club_removal_ids:
        nudge_club_removal(removal_id)
    for drill_id in drills.startable():
        nudge_drill(drill_id)
    for delivery_id in deliveries().values_list("id", flat=True)[:_MAILS_AT_ONCE]:
        nudge_delivery(delivery_id)
    mail_ids = list(sendable().values_list("id", flat=True)[:_MAILS_AT_ONCE])
    for mail_id in mail_ids:
        nudge_mail(mail_id)
    ended = list(unclean().values_list("id", flat=True)[:_CLEANED_AT_ONCE])
    # Up to the first that the cluster does not answer for: sweeps that wait would take all of a worker.
    cleaned = list(takewhile(clean, ended))
    shown_once.forget()
    return Swept(
        len(build_ids),
        len(rollout_ids),
        len(removal_ids),
        len(club_removal_ids),
        len(mail_ids),
        len(cleaned),
        retire_expired_keys(by=platform()),
    )

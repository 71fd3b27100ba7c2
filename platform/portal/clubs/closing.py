"""A club's end: its row goes at once, what the cluster holds of it as soon as the cluster lets go."""

from __future__ import annotations

import logging

from django.db import transaction

from deployer.errors import DeployerError
from deployer.sentence import Sentence
from portal import cluster
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.clubs.models import Club, ClubRemoval
from portal.nudge import nudge_club_removal
from portal.problems import conflict, not_found

logger = logging.getLogger(__name__)

_MOST_NAMED = 5


@transaction.atomic
def delete_club(*, by: Principal, club: Club) -> None:
    """With its keys, members and invitations; refused while a project is left, also one being deleted."""
    by.require("own", club=club.slug)
    locked = Club.objects.select_for_update().filter(pk=club.pk).first()
    if locked is None:
        raise not_found(Sentence("club {club}", club=club.slug))
    left = list(locked.projects.values_list("slug", "deleted_at")[: _MOST_NAMED + 1])
    if left:
        going = all(deleted_at is not None for _, deleted_at in left)
        raise conflict(
            "club-has-projects",
            Sentence("{club} still has projects.", club=club.name),
            "They are being deleted: try again in a minute." if going else "Delete its projects first.",
            ", ".join(slug for slug, _ in left[:_MOST_NAMED]) + (", …" if len(left) > _MOST_NAMED else ""),
        )
    audit.record(by, "delete_club", club=locked.slug, name=locked.name)
    removal = ClubRemoval.objects.create(slug=locked.slug)
    locked.delete()
    transaction.on_commit(lambda: nudge_club_removal(removal.pk))


def remove(removal_id: int) -> bool:
    """True once the cluster holds nothing of the club; safe to repeat."""
    removal = ClubRemoval.objects.filter(pk=removal_id).first()
    if removal is None:
        return False
    try:
        gone = cluster.rollouts().remove_club(removal.slug)
    except DeployerError as error:
        logger.warning(
            "club not removed yet", extra={"club": removal.slug, "explanation": error.explanation.to_dict()}
        )
        return False
    if gone:
        removal.delete()
        logger.info("club removed", extra={"club": removal.slug})
    return gone

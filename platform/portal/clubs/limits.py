"""How many projects a club may have, and how many of its builds run at once."""

from __future__ import annotations

from django.db import transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.clubs.models import Club
from portal.problems import conflict, forbidden, invalid, not_found

MOST = 10_000


@transaction.atomic
def set_limits(*, by: Principal, club: Club, projects: int, builds: int) -> None:
    """Only an operator does. Projects that are there stay, also beyond a smaller number."""
    if by.club is not None:
        raise forbidden("operator")
    if not (0 < projects <= MOST and 0 < builds <= MOST):
        raise invalid(
            "bad-limits",
            "A club has at least one project and one build.",
            Sentence("Give 1 to {most}.", most=MOST),
        )
    locked = Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    before = {"projects": locked.max_projects, "builds": locked.builds}
    locked.max_projects, locked.builds = projects, builds
    locked.save(update_fields=["max_projects", "builds"])
    audit.record(
        by, "set_limits", club=club.slug, before=before, after={"projects": projects, "builds": builds}
    )


def require_project(club: Club) -> None:
    """Raises a 409 problem if the club has all the projects that it may have.

    Holds the club's row to the end of the transaction, so that two projects do not take the last place.
    """
    locked = Club.objects.select_for_update(no_key=True).filter(pk=club.pk).first()
    if locked is None:  # deleted at this very moment
        raise not_found(Sentence("club {club}", club=club.slug))
    count = locked.projects.filter(deleted_at=None).count()
    if count >= locked.max_projects:
        raise conflict(
            "too-many-projects",
            Sentence(
                "Your club has {count} projects, and may have {most}.", count=count, most=locked.max_projects
            ),
            "Delete a project that nobody needs, or ask the operator for more.",
        )

"""What may be done to clubs."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.principal import Principal
from portal.clubs.budget import Share
from portal.clubs.members import keep_an_owner, require_role
from portal.clubs.models import Club, ClubRemoval, Membership
from portal.clubs.models.membership import Role
from portal.plain_names import checked
from portal.problems import conflict, forbidden, invalid
from portal.projects.names import check_club
from portal.signups.application import name_taken, name_taken_next
from portal.signups.names import name_is_taken


@transaction.atomic
def create_club(*, by: Principal, slug: str, name: str) -> Club:
    """Only an operator makes clubs."""
    if by.club is not None:
        raise forbidden("operator")
    check_club(slug)
    plain = checked(name)
    try:
        with transaction.atomic():
            club = Club.objects.create(slug=slug, name=plain)
    except IntegrityError as error:
        raise conflict(
            "club-exists", Sentence("There is a club {slug} already.", slug=slug), "Choose another name."
        ) from error
    # Asked only now: the insert has waited for a deletion that was under way.
    if ClubRemoval.objects.filter(slug=slug).exists():
        raise conflict(
            "club-being-removed",
            Sentence(
                "A club {slug} was deleted a moment ago, and the cluster has not let go of it yet.", slug=slug
            ),
            "Try again in some minutes, or choose another name.",
        )
    audit.record(by, "create_club", club=slug)
    return club


@transaction.atomic
def set_budget(*, by: Principal, club: Club, budget: Share) -> None:
    """Only an operator does. What runs stays, also where it exceeds a smaller budget: it may not grow."""
    if by.club is not None:
        raise forbidden("operator")
    if not all(amount > 0 for amount in budget):
        raise invalid(
            "bad-budget", "Each part of a budget has to be more than nothing.", "Give larger numbers."
        )
    locked = Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    before = [locked.memory_bytes, locked.cpu_millicores, locked.pods]
    locked.memory_bytes, locked.cpu_millicores, locked.pods = budget
    locked.save(update_fields=["memory_bytes", "cpu_millicores", "pods"])
    audit.record(by, "set_budget", club=club.slug, budget=str(budget), before=before, after=list(budget))


@transaction.atomic
def rename_club(*, by: Principal, club: Club, name: str) -> None:
    """Its full name, which is no other club's; the short one stands in addresses and stays."""
    by.require("own", club=club.slug)
    wanted = checked(name)
    if not wanted or len(wanted) > 100:
        raise invalid("bad-name", "A club needs a name of at most 100 characters.", "Give one.")
    locked = Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    if locked.name == wanted:
        return
    if name_is_taken(wanted, club=locked):
        raise conflict("club-name-taken", name_taken(), name_taken_next())
    before, locked.name = locked.name, wanted
    locked.save(update_fields=["name"])
    audit.record(by, "rename_club", club=club.slug, before=before, after=wanted)


@transaction.atomic
def add_member(*, by: Principal, club: Club, username: str, role: str) -> Membership:
    """Adds a person, or changes the role of one who belongs to the club; a new user name is made."""
    by.require("own", club=club.slug)
    require_role(role)
    user, created = User.objects.get_or_create(username=username)
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    Club.objects.select_for_update(no_key=True).get(pk=club.pk)
    owned = Membership.objects.filter(club=club, user=user, role=Role.OWNER).exists()
    membership, _ = Membership.objects.update_or_create(club=club, user=user, defaults={"role": role})
    if owned:
        keep_an_owner(club)
    audit.record(by, "add_member", club=club.slug, user=username, role=role)
    return membership

"""Subdomains that were given up: kept from other clubs for MADANG_SUBDOMAIN_DAYS."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.clubs.models import Club
from portal.environment import environment
from portal.problems import Problem, conflict, forbidden, not_found
from portal.projects.models import GivenUpSubdomain, Project
from portal.releases.models import ROLLOUT_STATES, Release

# Else one that changes an address all the time would keep every good name from all others.
MOST_OF_A_CLUB = 50


def require_few(club: Club) -> None:
    """Raises a 409 problem if the club keeps very many from others already."""
    if lasting().filter(club=club).count() >= MOST_OF_A_CLUB:
        raise conflict(
            "too-many-addresses",
            Sentence("Your club has given up {count} addresses lately.", count=MOST_OF_A_CLUB),
            "Take one of them again, or wait: each is free for everybody after a while.",
        )


def give_up(project: Project) -> None:
    """Keeps the project's subdomain for its club, if anybody ever came by it or a rollout may lead them there
    by now; inside the transaction that frees it."""
    led = ~Q(went_live_at=None) | ~Q(rollout__state__in=ROLLOUT_STATES.terminal)
    if Release.objects.filter(led, project=project).exists():
        GivenUpSubdomain.objects.update_or_create(
            subdomain=project.subdomain, defaults={"club": project.club}
        )


def take(subdomain: str, club: Club) -> bool:
    """Whether the club may have the subdomain, which is its own again then.

    Asked after the project's row has it: that waits for a deletion under way, whose note is seen here.
    """
    if kept_from(club).filter(subdomain=subdomain).exists():
        return False
    GivenUpSubdomain.objects.filter(subdomain=subdomain).delete()
    return True


def is_own(subdomain: str, club: Club) -> bool:
    """Whether the club itself has given it up."""
    return GivenUpSubdomain.objects.filter(subdomain=subdomain, club=club).exists()


def kept_from(club: Club) -> QuerySet[GivenUpSubdomain]:
    """What this club may not take."""
    return lasting().exclude(club=club)


def lasting() -> QuerySet[GivenUpSubdomain]:
    return GivenUpSubdomain.objects.filter(given_up_at__gt=_oldest())


def free_at(given_up: GivenUpSubdomain) -> datetime:
    """From when on everybody may have it."""
    return given_up.given_up_at + timedelta(days=environment().subdomain_days)


def refusal(subdomain: str) -> Problem:
    """Of one that is kept from whoever asked; whose it was is not told."""
    return conflict(
        "subdomain-given-up",
        Sentence(
            "Another club's project answered at {subdomain} until lately; its visitors may still come.",
            subdomain=subdomain,
        ),
        "Choose another name, or ask an operator to let go of this one.",
    )


@transaction.atomic
def let_go(*, by: Principal, subdomain: str) -> None:
    """Everybody may have it at once. Only an operator decides so; raises a 404 problem."""
    if by.club is not None:
        raise forbidden("operator")
    found = lasting().filter(subdomain=subdomain).select_related("club").first()
    if found is None:
        raise not_found(Sentence("address {subdomain} that was given up", subdomain=subdomain))
    found.delete()
    audit.record(by, "let_go_of_subdomain", club=found.club.slug if found.club else "", subdomain=subdomain)


def forget() -> int:
    """Deletes notes that keep nobody from anything any more; gives how many."""
    return GivenUpSubdomain.objects.filter(given_up_at__lte=_oldest()).delete()[0]


def _oldest() -> datetime:
    return timezone.now() - timedelta(days=environment().subdomain_days)

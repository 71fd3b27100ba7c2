"""What a project would be called, before it is made."""

from __future__ import annotations

from deployer.sentence import Sentence
from portal.clubs.models import Club
from portal.environment import environment
from portal.problems import conflict
from portal.projects import names
from portal.projects.given_up import kept_from
from portal.projects.models import Project


def foreseen_address(club: Club, slug: str) -> str:
    """Where a project of this name would answer; raises the problem that making it would raise."""
    names.check_project(slug)
    if Project.objects.filter(club=club, slug=slug).exists():
        raise conflict(
            "project-exists",
            Sentence(
                "There is a project {project} already (or it is just being deleted).",
                project=f"{club.slug}/{slug}",
            ),
            "Choose another name.",
        )
    wanted = names.subdomains(slug, club.slug)
    taken = {
        *Project.objects.filter(subdomain__in=wanted).values_list("subdomain", flat=True),
        *kept_from(club).filter(subdomain__in=wanted).values_list("subdomain", flat=True),
    }
    free = [subdomain for subdomain in wanted if subdomain not in taken]
    if not free:
        raise names.no_subdomain(slug, club.slug)
    return environment().app_url.format(subdomain=free[0])

"""A project's address: its subdomain, changed."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.builds.models import StreamKind
from portal.problems import conflict
from portal.projects import given_up, names
from portal.projects.actions import lock
from portal.projects.models import Project
from portal.releases.models import ROLLOUT_STATES, Release, Rollout, RolloutState
from portal.releases.redeploying import release_again
from portal.releases.steps import live_release


@transaction.atomic
def change_subdomain(*, by: Principal, project: Project, subdomain: str) -> Rollout | None:
    """The project answers at the new name and no more at the old one, which others may take after a while.

    If a release is live, or the first on its way, a new one of its build carries it out. Raises a 409 problem
    for a name that is taken, a 422 problem for one that nobody may have.
    """
    by.require("manage", club=project.club.slug, project=project.slug)
    locked = lock(project)
    before = locked.subdomain
    if subdomain == before:
        return None
    names.check_subdomain(subdomain)
    if not given_up.is_own(subdomain, locked.club):
        given_up.require_few(locked.club)
    try:
        with transaction.atomic():
            Project.objects.filter(pk=locked.pk).update(subdomain=subdomain)
    except IntegrityError:
        raise conflict(
            "subdomain-taken",
            Sentence("The address {subdomain} is taken.", subdomain=subdomain),
            "Choose another name.",
        ) from None
    if not given_up.take(subdomain, locked.club):
        raise given_up.refusal(subdomain)
    given_up.give_up(locked)
    audit.record(
        by, "change_subdomain", club=project.club.slug, project=project.slug, old=before, new=subdomain
    )
    release = live_release(locked.pk) or _first_on_its_way(locked)
    if release is None:
        return None
    again = Sentence("address {subdomain}", subdomain=subdomain)
    return release_again(locked, release.build_id, by, StreamKind.ADDRESS, again)


def _first_on_its_way(project: Project) -> Release | None:
    """The release whose rollout has begun, of a project with nothing live: it leads visitors to the name of
    before, which may be another club's by then. One that still waits will take the new name by itself."""
    unfinished = Rollout.objects.filter(project=project, state__in=ROLLOUT_STATES.open)
    newest = unfinished.select_related("release").order_by("-release__number").first()
    return newest.release if newest is not None and newest.state == RolloutState.RUNNING else None

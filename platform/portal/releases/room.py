"""Room in a club's budget: asked before a build is queued, and again before a release is made."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from deployer.build import BuildPlan
from portal.accounts.principal import Principal
from portal.builds.models import BUILD_STATES, Build
from portal.clubs.budget import Demand, Share, refusal
from portal.clubs.models import Club
from portal.clubs.suspending import require_not_suspended
from portal.problems import Problem
from portal.projects.models import Project
from portal.releases.models import RELEASE_STATES, Release, ReleaseState
from portal.releases.resources import Resources, resources_of


def lock_budget(project: Project) -> Club:
    """The club's row, locked to the end of the transaction: what its projects take stays as it is seen.

    It comes after the project's row and before those of builds and rollouts.
    """
    return Club.objects.select_for_update(no_key=True).get(pk=project.club_id)


def require_room(project: Project, plan: BuildPlan, by: Principal | None = None) -> None:
    """Raises a 409 problem if a release of this plan would exceed the budget of the project's club, or if the
    club is suspended: then it has room for nothing.

    Inside a transaction that holds the project. `by` is who is told; without one, names of other projects
    are not (whoever may see the project may read it).
    """
    club = lock_budget(project)
    require_not_suspended(club)
    shares = shares_of(club)
    shares.pop(project.slug, None)
    live = Release.objects.filter(project=project, state=ReleaseState.LIVE).first()
    demand = Demand(
        project=project.slug,
        wanted=resources_of(plan.web, project).share,
        live=_share(live) if live else Share(),
        others=shares,
    )
    explanation = refusal(budget_of(club), demand, named=by is not None and by.may("read", club=club.slug))
    if explanation is not None:
        raise Problem(409, explanation)


def budget_of(club: Club) -> Share:
    return Share(memory_bytes=club.memory_bytes, cpu_millicores=club.cpu_millicores, pods=club.pods)


@dataclass(frozen=True)
class Use:
    """What a project takes: now, by its live release, and at most, with what is on its way."""

    live: Share
    most: Share


def shares_of(club: Club) -> dict[str, Share]:
    """What each project takes, by name: of its live release and what is on the way, the larger.

    The live one counts until the next is live, as it serves on if that one fails.
    """
    return {name: use.most for name, use in uses_of(club).items()}


def uses_of(club: Club) -> dict[str, Use]:
    """The same, with what is live apart: two queries."""
    live: dict[str, Share] = {}
    shares: defaultdict[str, Share] = defaultdict(Share)
    releases = Release.objects.filter(project__club=club, state__in=RELEASE_STATES.open)
    # Bare values: a page asks this of clubs with very many, and a release carries its whole config.
    for slug, state, *amounts in releases.values_list(
        "project__slug", "state", "replicas", "memory_bytes", "cpu_millicores"
    ):
        share = Resources(*amounts).share
        shares[slug] |= share
        if state == ReleaseState.LIVE:
            live[slug] = share
    builds = Build.objects.filter(project__club=club, state__in=BUILD_STATES.open).select_related("project")
    for build in builds:
        web = BuildPlan.from_dict(build.plan).web
        shares[build.project.slug] |= resources_of(web, build.project).share
    return {name: Use(live.get(name, Share()), most) for name, most in shares.items()}


def _share(release: Release) -> Share:
    return Resources(release.replicas, release.memory_bytes, release.cpu_millicores).share

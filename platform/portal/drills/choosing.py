"""Which nodes may be drilled, and whom it would meet. Reads the cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from deployer.fleet import Fleet, FleetNode, of_live_releases, sole_projects, worst
from portal.drills.models import DrillProject
from portal.projects.models import Project
from portal.projects.selectors import address
from portal.releases.models import Release, ReleaseState

MOST_PROJECTS = 40


@dataclass(frozen=True)
class Met:
    """A live project with a pod on the node; `sole`: it has no other that serves."""

    club: str
    project: str
    url: str
    path: str
    sole: bool


def drillable(fleet: Fleet) -> list[FleetNode]:
    """Spot nodes that are ready and that nobody takes already."""
    return [node for node in fleet.nodes if node.is_spot and node.ready and node.end is None]


def chosen(fleet: Fleet, name: str) -> FleetNode | None:
    """The drillable node of that name; `worst` is the one with the most projects that stand nowhere else."""
    if name == "worst":
        return worst(_serving(fleet, _live({pod.club for pod in fleet.pods if pod.club})))
    return next((node for node in drillable(fleet) if node.name == name), None)


def met(fleet: Fleet, node: str) -> list[Met]:
    """The live projects on the node, first those that stand nowhere else."""
    live = _live({club for club, _ in fleet.projects_on(node)})
    serving = _serving(fleet, live)
    sole, there = set(sole_projects(serving, node)), serving.projects_on(node)
    found = [_met(live[key].project, live[key].health_path, key in sole) for key in there if key in live]
    return sorted(found, key=lambda each: (not each.sole, each.club, each.project))


def rows(drill_id: int, projects: Iterable[Met]) -> list[DrillProject]:
    """Rows to be made for the projects, at most MOST_PROJECTS."""
    return [
        DrillProject(
            drill_id=drill_id,
            club=each.club,
            project=each.project,
            hostname=each.url.split("://", 1)[-1].partition("/")[0].partition(":")[0],
            path=each.path,
            sole=each.sole,
        )
        for each in list(projects)[:MOST_PROJECTS]
    ]


def _live(clubs: Collection[str]) -> dict[tuple[str, str], Release]:
    """The live releases of these clubs, by club and project."""
    releases = Release.objects.filter(
        state=ReleaseState.LIVE, project__deleted_at=None, project__club__slug__in=clubs
    ).select_related("project__club")
    return {(release.project.club.slug, release.project.slug): release for release in releases}


def _serving(fleet: Fleet, live: Mapping[tuple[str, str], Release]) -> Fleet:
    return of_live_releases(fleet, {key: release.number for key, release in live.items()})


def _met(project: Project, health_path: str | None, sole: bool) -> Met:
    return Met(project.club.slug, project.slug, address(project), health_path or "/", sole)

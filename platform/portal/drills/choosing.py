"""Which nodes may be drilled, and whom it would meet. Reads the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deployer.fleet import Fleet, FleetNode, sole_projects, worst
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
        return worst(fleet)
    return next((node for node in drillable(fleet) if node.name == name), None)


def met(fleet: Fleet, node: str) -> list[Met]:
    """The live projects on the node, first those that stand nowhere else."""
    sole = set(sole_projects(fleet, node))
    there = fleet.projects_on(node)
    releases = Release.objects.filter(
        state=ReleaseState.LIVE, project__deleted_at=None, project__club__slug__in={club for club, _ in there}
    ).select_related("project__club")
    live = {(release.project.club.slug, release.project.slug): release for release in releases}
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


def _met(project: Project, health_path: str | None, sole: bool) -> Met:
    return Met(project.club.slug, project.slug, address(project), health_path or "/", sole)

"""Names and labels of what a club and a project own."""

from __future__ import annotations

CLUB, PROJECT, RELEASE = "madang.dev/club", "madang.dev/project", "madang.dev/release"
# On Deployment, Service and Ingress: the fencing number of the rollout that wrote it last.
FENCE = "madang.dev/fence"
# On the Service and the Ingress by which a new release alone is asked, before it gets visitors.
TRIAL = "madang.dev/trial"
CONTAINER = "app"
# On a release command's pods in place of PROJECT: nothing of the running project may take them for its own.
PREPARES = "madang.dev/prepares"
RELEASE_CONTAINER = "release"
PULL_SECRET = "registry"  # noqa: S105 - a Secret's name
SECRETS_BINDING = "madang-secrets"


def namespace(club: str) -> str:
    return f"club-{club}"


def config_secret(project: str, release: int) -> str:
    return f"{project}-config-{release}"


def release_job(project: str, release: int) -> str:
    return f"{project}-release-{release}"


def selector(project: str) -> dict[str, str]:
    """What Service, Deployment and PodDisruptionBudget select by: never the release, or none could follow."""
    return {"app.kubernetes.io/name": project, PROJECT: project}


def labels(club: str, project: str) -> dict[str, str]:
    return {**selector(project), "app.kubernetes.io/managed-by": "madang", CLUB: club}

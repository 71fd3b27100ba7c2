"""Removing a deleted project for good: from the cluster, from the registry, at last its rows."""

from __future__ import annotations

import logging

from django.db import transaction

from deployer.errors import DeployerError
from portal import cluster
from portal.builds.cleaning import clean, unclean
from portal.projects.given_up import give_up
from portal.projects.models import Project
from portal.registry.images import forget_project
from portal.releases.models import Release, Rollout

logger = logging.getLogger(__name__)


def remove(project_id: int) -> bool:
    """True once nothing is left. Safe to repeat; the git server sees by the missing row that the
    repository may go."""
    project = Project.objects.select_related("club").filter(pk=project_id).exclude(deleted_at=None).first()
    if project is None:
        return False
    for build_id in unclean().filter(project=project).values_list("id", flat=True):
        clean(build_id)
    if unclean().filter(project=project).exists():
        return False
    try:
        cluster.rollouts().remove_project(project.club.slug, project.slug)
    except DeployerError as error:
        logger.warning(
            "project not removed yet",
            extra={"project": project_id, "explanation": error.explanation.to_dict()},
        )
        return False
    if not forget_project(project):
        return False
    with transaction.atomic():
        give_up(project)
        Rollout.objects.filter(project=project).delete()
        Release.objects.filter(project=project).delete()
        project.delete()
    logger.info("project removed", extra={"project": project_id})
    return True

"""Which branch of a project deploys."""

from __future__ import annotations

import re

from django.db import transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.problems import invalid
from portal.projects.actions import lock
from portal.projects.models import Project

# git-check-ref-format(1), a little narrower: what a person would call a branch.
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)|@\{))[A-Za-z0-9_][A-Za-z0-9_./@+-]{0,99}(?<![/.])")


@transaction.atomic
def set_deploy_branch(*, by: Principal, project: Project, branch: str) -> None:
    """The next push to this branch deploys; what is live stays. Raises a 422 problem for no branch's name."""
    by.require("manage", club=project.club.slug, project=project.slug)
    if not _BRANCH.fullmatch(branch):
        raise invalid(
            "bad-branch",
            Sentence("{branch} cannot be a branch's name.", branch=repr(branch[:100])),
            "Use letters, digits, - _ . and /, as in main or release/2026, at most 100.",
        )
    locked = lock(project)
    if locked.deploy_branch == branch:
        return
    audit.record(
        by,
        "set_deploy_branch",
        club=project.club.slug,
        project=project.slug,
        old=locked.deploy_branch,
        new=branch,
    )
    Project.objects.filter(pk=locked.pk).update(deploy_branch=branch)

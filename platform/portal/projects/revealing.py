"""Showing the values of variables to a person: every time is in the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.problems import not_found
from portal.projects.models import Project
from portal.projects.selectors import config


@transaction.atomic
def reveal(*, by: Principal, project: Project, names: Sequence[str] | None = None) -> dict[str, str]:
    """The values of the named variables (None: of all), for whoever may manage the project."""
    by.require("manage", club=project.club.slug, project=project.slug)
    values = config(project)
    wanted = sorted(values) if names is None else list(names)
    for name in wanted:
        if name not in values:
            raise not_found(
                Sentence(
                    "variable {name} of {project}",
                    name=name[:100],
                    project=f"{project.club.slug}/{project.slug}",
                )
            )
    if wanted:
        audit.record(by, "reveal_config", club=project.club.slug, project=project.slug, names=wanted)
    return {name: values[name] for name in wanted}

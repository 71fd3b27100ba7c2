"""A project's settings."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from portal.api.authentication import principal
from portal.api.refusals import LIMITED
from portal.projects import actions, selectors
from portal.projects.revealing import reveal

router = Router(tags=["config"])


class Variables(Schema):
    variables: dict[str, str | None]


class Change(Schema):
    set: dict[str, str] = {}
    unset: list[str] = []


class Changed(Schema):
    changed: list[str]
    version: int | None
    stream: int | None


@router.get("/clubs/{club}/projects/{project}/config", response=Variables)
def get_config(request: HttpRequest, club: str, project: str, show: bool = False) -> Variables:
    """The names; with `show` (scope manage) the values too, which the audit log then tells."""
    by = principal(request)
    found = selectors.get(by, club, project, "manage" if show else "read")
    if show:
        return Variables(variables=dict(reveal(by=by, project=found)))
    return Variables(variables=dict.fromkeys(found.config_vars.values_list("name", flat=True)))


@router.patch("/clubs/{club}/projects/{project}/config", response=Changed, openapi_extra=LIMITED)
def change_config(request: HttpRequest, club: str, project: str, change: Change) -> Changed:
    """Sets and unsets variables; if a release is live, a new one carries them out."""
    by = principal(request)
    done = actions.set_config(
        by=by,
        project=selectors.get(by, club, project, "deploy"),
        set=change.set,
        unset=change.unset,
    )
    return Changed(
        changed=list(done.changed),
        version=done.rollout.release.number if done.rollout else None,
        stream=done.rollout.stream_id if done.rollout else None,
    )

"""A club's access keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from portal.accounts import actions
from portal.accounts.models import AccessKey
from portal.api.authentication import principal
from portal.api.paging import After, Limit, page
from portal.clubs.selectors import get as get_club
from portal.projects.selectors import get as get_project

router = Router(tags=["keys"])


class KeyOut(Schema):
    id: str
    name: str
    scopes: list[str]
    project: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class MadeKey(KeyOut):
    token: str = Field(description="the whole key; shown this once")


class NewKey(Schema):
    name: str
    scopes: list[str] = ["deploy"]
    project: str | None = None
    expires_in_days: int | None = Field(None, ge=1, le=3650)


@router.get("/clubs/{club}/keys", response=list[KeyOut])
def list_keys(
    request: HttpRequest, response: HttpResponse, club: str, limit: Limit = 100, after: After = None
) -> list[KeyOut]:
    """What each may do, until when, and when it was last used; never the key itself."""
    rows = AccessKey.objects.select_related("project").filter(
        club=get_club(principal(request), club, "manage")
    )
    return [_shown(key) for key in page(request, response, rows, "id", limit=limit, after=after)]


@router.post("/clubs/{club}/keys", response={201: MadeKey})
def create_key(request: HttpRequest, club: str, new: NewKey) -> Status[MadeKey]:
    by = principal(request)
    key, text = actions.create_key(
        by=by,
        club=get_club(by, club, "manage"),
        name=new.name,
        scopes=new.scopes,
        project=get_project(by, club, new.project, "manage") if new.project else None,
        expires_at=timezone.now() + timedelta(days=new.expires_in_days) if new.expires_in_days else None,
    )
    return Status(201, MadeKey(**_shown(key).dict(), token=text))


@router.delete("/clubs/{club}/keys/{key}", response={204: None})
def revoke_key(request: HttpRequest, club: str, key: str) -> Status[None]:
    """The key opens nothing from now on."""
    by = principal(request)
    actions.revoke_key(by=by, club=get_club(by, club, "manage"), key_id=key)
    return Status(204, None)


def _shown(key: AccessKey) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        project=key.project.slug if key.project else None,
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )

"""Who am I?"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from portal.accounts.models import AccessKey
from portal.api.authentication import principal
from portal.environment import environment

router = Router(tags=["identity"])


class KeyIdentity(Schema):
    id: str
    name: str
    club: str
    project: str | None
    scopes: list[str]
    expires_at: datetime | None


class WhoAmI(Schema):
    key: KeyIdentity
    portal_url: str
    git_url: str
    app_url: str


@router.get("/whoami", response=WhoAmI)
def whoami(request: HttpRequest) -> WhoAmI:
    """The key that is used, and the platform's addresses."""
    key = AccessKey.objects.select_related("club", "project").get(pk=principal(request).key_id)
    given = environment()
    return WhoAmI(
        key=KeyIdentity(
            id=key.id,
            name=key.name,
            club=key.club.slug,
            project=key.project.slug if key.project else None,
            scopes=key.scopes,
            expires_at=key.expires_at,
        ),
        portal_url=given.public_url,
        git_url=given.git_url,
        app_url=given.app_url,
    )

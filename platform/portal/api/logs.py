"""What a project's running copies print."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Annotated

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import override
from ninja import Query, Router

from portal.accounts.principal import Principal
from portal.accounts.selectors import still_valid
from portal.api.authentication import AsyncKeyBearer, principal
from portal.api.ndjson import ndjson
from portal.api.refusals import LIMITED
from portal.languages import active
from portal.projects.applogs import Silence, Source, Trouble, require_place, source
from portal.projects.selectors import get
from portal.rechecking import while_allowed
from portal.threads import database
from portal.translating import explained

router = Router(tags=["logs"])

# Then whoever follows has to come again: what was made a secret meanwhile is hidden.
LIFE_SECONDS = 900.0

Tail = Annotated[int, Query(ge=0, le=5000, description="How many of each copy's last lines.")]
Since = Annotated[datetime | None, Query(description="Only lines of this moment or later.")]


@router.get("/clubs/{club}/projects/{project}/logs", auth=AsyncKeyBearer(), openapi_extra=LIMITED)
async def logs(
    request: HttpRequest, club: str, project: str, follow: bool = False, tail: Tail = 100, since: Since = None
) -> StreamingHttpResponse:
    """NDJSON: lines of all running copies, with `follow` as they come, heartbeats while there are none.

    An answer to who follows ends after a quarter of an hour: ask again with `since`.
    It ends soon after its key was revoked or has expired.
    """
    by = principal(request)
    found = await database(_source, by, club, project)
    require_place(found.club)
    return ndjson(while_allowed(_events(found, follow, tail, since, active()), partial(still_valid, by)))


async def _events(
    found: Source, follow: bool, tail: int, since: datetime | None, language: str
) -> AsyncGenerator[dict[str, object]]:
    until = asyncio.get_running_loop().time() + LIFE_SECONDS
    async with aclosing(found.lines(follow=follow, tail=tail)) as lines:
        async for each in lines:
            if isinstance(each, Silence):
                yield {"heartbeat": True}
            elif isinstance(each, Trouble):
                with override(language):
                    told = explained(each.explanation)
                yield {"error": told.to_dict()}
            elif since is None or each.at >= since:
                at = each.at.isoformat().replace("+00:00", "Z")
                yield {"at": at, "pod": each.pod, "text": each.text}
            if follow and asyncio.get_running_loop().time() > until:
                return


def _source(by: Principal, club: str, project: str) -> Source:
    return source(get(by, club, project))

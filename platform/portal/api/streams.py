"""Watching a deploy."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Annotated

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import override
from ninja import Query, Router, Schema

from deployer.sentence import Sentence
from portal.accounts.principal import Principal
from portal.accounts.selectors import still_valid
from portal.api.authentication import AsyncKeyBearer, principal
from portal.api.ndjson import ndjson
from portal.builds.following import Batch, End, Heartbeat, follow
from portal.builds.models import LogStream
from portal.languages import active
from portal.problems import not_found
from portal.projects.selectors import get
from portal.rechecking import while_allowed
from portal.threads import database
from portal.translating import spoken

Sequence = Annotated[int, Query(ge=0, description="The last entry that was seen.")]

router = Router(tags=["streams"])


class StreamOut(Schema):
    id: int
    kind: str
    state: str
    created_at: datetime
    ended_at: datetime | None


@router.get("/clubs/{club}/projects/{project}/streams/latest", response=StreamOut)
def latest_stream(request: HttpRequest, club: str, project: str) -> LogStream:
    """The project's newest deploy: a push, a rollback or a change of settings."""
    stream = LogStream.objects.filter(project=get(principal(request), club, project)).order_by("-id").first()
    if stream is None:
        raise not_found(Sentence("deploy of {project} yet", project=f"{club}/{project}"))
    return stream


@router.get("/streams/{int:stream}", auth=AsyncKeyBearer())
async def watch(request: HttpRequest, stream: int, after: Sequence = 0) -> StreamingHttpResponse:
    """NDJSON: entries behind `after` as they come, heartbeats while there are none, at last the end.

    Without it the answer ends soon after its key was revoked or has expired.
    """
    by = principal(request)
    await database(_see, by, stream)
    return ndjson(while_allowed(_events(stream, after, active()), partial(still_valid, by)))


async def _events(stream: int, after: int, language: str) -> AsyncGenerator[dict[str, object]]:
    async with aclosing(follow(stream, after)) as following:
        async for event in following:
            with override(language):
                told = _told(event)
            for each in told:
                yield each


def _told(event: Batch | Heartbeat | End) -> list[dict[str, object]]:
    if isinstance(event, Heartbeat):
        # Why its build or its rollout waits, as long as it does.
        return [{"heartbeat": True, "waiting": event.why} if event.why else {"heartbeat": True}]
    if isinstance(event, End):
        return [{"end": {"state": event.state, "exit_code": event.exit_code}}]
    return [
        {
            "sequence": entry.sequence,
            "at": entry.at.isoformat().replace("+00:00", "Z"),
            "kind": entry.kind,
            "text": spoken(entry.words),
        }
        for entry in event
    ]


def _see(by: Principal, stream_id: int) -> None:
    """Raises the same 404 for a stream that is not there and one that may not be seen."""
    stream = LogStream.objects.select_related("project__club").filter(pk=stream_id).first()
    if stream is None or not by.may("read", club=stream.project.club.slug, project=stream.project.slug):
        raise not_found(Sentence("stream {stream}", stream=stream_id))

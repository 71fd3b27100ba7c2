"""What changes on a project's page, as server-sent events: the page fetches those parts of itself anew."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.http import StreamingHttpResponse

from portal.projects.following import versions
from portal.threads import database
from portal.web.pages.project.found import find_project
from portal.web.request import PageRequest
from portal.web.sse import HEARTBEAT, HEARTBEAT_SECONDS, event, event_stream, last_event_id


async def project_events(request: PageRequest, club: str, project: str) -> StreamingHttpResponse:
    """`stream` when a newer deploy began, `standing` when anything else is new; the id is the version."""
    found = await database(find_project, request, project)
    return event_stream(request, _events(found.pk, last_event_id(request)))


async def _events(project_id: int, seen: str) -> AsyncGenerator[bytes]:
    async with aclosing(versions(project_id, HEARTBEAT_SECONDS)) as following:
        async for version in following:
            if version is None or str(version) == seen:
                yield HEARTBEAT
                continue
            newer = str(version.stream) != seen.partition("-")[0]
            seen = str(version)
            if newer:
                yield event({"stream": version.stream}, name="stream", id=seen)
            yield event({"version": seen}, name="standing", id=seen)
    yield event({}, name="standing")

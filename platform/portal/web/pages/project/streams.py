"""The live log of a deploy: lines as server-sent events, from where the reader stopped, and as text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import cache

from django.http import Http404, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import override

from portal.builds.following import Batch, End, follow
from portal.builds.models import LogEntry, LogStream, StreamState
from portal.builds.selectors import entries
from portal.languages import active
from portal.projects.models import Project
from portal.threads import database
from portal.translating import spoken
from portal.web.pages.project.ansi import parts, plain
from portal.web.pages.project.found import find_project
from portal.web.request import PageRequest
from portal.web.sse import HEARTBEAT, HEARTBEAT_SECONDS, event, event_stream, last_sequence

# What a page shows at once; the whole is the text.
SHOWN_LINES = 1000


async def stream_events(request: PageRequest, club: str, project: str, stream: int) -> StreamingHttpResponse:
    """`lines` with the last one's number as the id, `place` while it waits for its turn, at last `end`."""
    found = await database(_stream, request, project, stream)
    return event_stream(request, _events(found.pk, last_sequence(request), active()))


def stream_text(request: PageRequest, club: str, project: str, stream: int) -> StreamingHttpResponse:
    """The whole log as a file of text."""
    found = _stream(request, project, stream)
    return StreamingHttpResponse(
        _text(found.pk, active()),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{project}-{found.kind}-{found.pk}.txt"',
            "Cache-Control": "no-store",
        },
    )


def shown(project: Project, stream: LogStream) -> dict[str, object]:
    """What the log's template shows before anything is live: its last lines, and where to go on."""
    found = entries(stream.pk, max(0, stream.last_sequence - SHOWN_LINES), SHOWN_LINES)
    after = found[-1].sequence if found else 0
    names = [project.club.slug, project.slug, stream.pk]
    is_open = stream.state == StreamState.OPEN
    return {
        "lines": [(entry, parts(spoken(entry.words))) for entry in found],
        "left_out": found[0].sequence - 1 if found else 0,
        "open": is_open,
        "events_url": f"{reverse('project-stream-events', args=names)}?after={after}" if is_open else "",
        "text_url": reverse("project-stream-text", args=names),
    }


async def _events(stream_id: int, after: int, language: str) -> AsyncGenerator[bytes]:
    said = ""
    async with aclosing(follow(stream_id, after, HEARTBEAT_SECONDS)) as following:
        async for each in following:
            if isinstance(each, Batch):
                yield each.encoded(_lines_in(language))
            elif isinstance(each, End):
                yield event({"state": each.state}, name="end")
            else:
                with override(language):
                    what = each.why
                yield event({"what": what}, name="place") if what != said else HEARTBEAT
                said = what


@cache
def _lines_in(language: str) -> Callable[[Batch], bytes]:
    """The one for all readers of the language."""

    def lines(batch: Batch) -> bytes:
        with override(language):
            data = [_row(entry) for entry in batch]
        return event(data, name="lines", id=str(batch[-1].sequence))

    return lines


def _row(entry: LogEntry) -> list[object]:
    at = entry.at.isoformat(timespec="seconds")
    return [entry.sequence, at, entry.kind, parts(spoken(entry.words))]


def _stream(request: PageRequest, project: str, stream_id: int) -> LogStream:
    found = LogStream.objects.filter(project=find_project(request, project), pk=stream_id).first()
    if found is None:
        raise Http404("no such log")
    return found


async def _text(stream_id: int, language: str) -> AsyncIterator[str]:
    after = 0
    while found := await database(entries, stream_id, after, 2000):
        with override(language):
            text = "".join(_as_text(found))
        yield text
        after = found[-1].sequence


def _as_text(found: Sequence[LogEntry]) -> Iterator[str]:
    for entry in found:
        yield f"{entry.at:%Y-%m-%dT%H:%M:%SZ} {plain(spoken(entry.words))}\n"


def newest_stream(project: Project) -> LogStream | None:
    return LogStream.objects.filter(project=project).order_by("-id").first()

"""`/logs`: what the app prints, live, and how its copies crashed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.projects.applogs import Silence, Source, Trouble, source
from portal.projects.crashes import crashes_of
from portal.projects.models import Crash
from portal.releases.steps import live_release
from portal.threads import database
from portal.translating import explained
from portal.web.pages.project.ansi import parts, plain
from portal.web.pages.project.found import find_project, project_page
from portal.web.request import PageRequest
from portal.web.sse import HEARTBEAT, event, event_stream, last_event_id

if TYPE_CHECKING:
    from deployer.rollout import AppLine

_TAIL = 200
_CRASHES = 5
# Of how many copies the reader's place is kept: those that spoke last.
_PODS = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@require_GET
def logs(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    live = live_release(found.pk)
    events_url = reverse("project-logs-events", args=[club, project])
    context = {
        "live": live,
        "crashes": [_shown(crash) for crash in crashes_of(found, _CRASHES)],
        "log": {
            "lines": [],
            "open": live is not None,
            "events_url": events_url if live else "",
            "title": _("Log of the app"),
        },
    }
    return project_page(request, found, "logs", context)


def _shown(crash: Crash) -> Crash:
    """With its lines as text without colours."""
    crash.text = plain(crash.log)  # type: ignore[attr-defined]
    return crash


async def logs_events(request: PageRequest, club: str, project: str) -> StreamingHttpResponse:
    """`lines` of all copies, the id telling of each copy how far it is; `end` if it cannot go on."""
    found = await database(_source, request, project)
    return event_stream(request, _events(found, read_place(last_event_id(request)), get_language()))


async def _events(found: Source, place: dict[str, datetime], language: str | None) -> AsyncGenerator[bytes]:
    async with aclosing(found.lines(follow=True, tail=_TAIL, seen=place or None)) as lines:
        async for each in lines:
            if isinstance(each, Silence):
                yield HEARTBEAT
            elif isinstance(each, Trouble):
                with override(language):
                    what = explained(each.explanation).what
                yield event({"state": "trouble", "what": what}, name="end")
                return
            else:
                place.pop(each.pod, None)
                place[each.pod] = each.at
                while len(place) > _PODS:
                    del place[next(iter(place))]
                yield event([_row(each)], name="lines", id=write_place(place))


def _row(line: AppLine) -> list[object]:
    return [
        0,
        line.at.isoformat(timespec="milliseconds"),
        "app",
        parts(line.text),
        line.pod.rpartition("-")[2],
    ]


def write_place(place: Mapping[str, datetime]) -> str:
    """ "site-7d9-x~1767225600000001.site-7d9-y~…": each copy's last line, in microseconds since 1970."""
    return ".".join(f"{pod}~{(at - _EPOCH) // timedelta(microseconds=1)}" for pod, at in place.items())


def read_place(text: str) -> dict[str, datetime]:
    """The same back; what is none of ours is as if nothing had been seen."""
    found = {}
    for each in text.split(".")[:_PODS]:
        pod, _, stamp = each.rpartition("~")
        if not pod or not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 17:
            return {}
        found[pod] = _EPOCH + timedelta(microseconds=int(stamp))
    return found


def _source(request: PageRequest, project: str) -> Source:
    return source(find_project(request, project))

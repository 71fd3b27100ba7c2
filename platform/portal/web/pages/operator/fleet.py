"""`/operator/fleet`: the nodes and what stands on them, live."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_GET

from portal.environment import environment
from portal.fleet import live
from portal.fleet.board import Board, Told, board
from portal.fleet.models import InterruptedPod
from portal.fleet.reasons import in_words
from portal.threads import database
from portal.translating import explained
from portal.web.request import PageRequest
from portal.web.sse import HEARTBEAT, HEARTBEAT_SECONDS, event_stream, framed, last_event_id

# A page waits for the first list of the nodes so long; what comes later comes by events.
_PATIENCE_SECONDS = 3.0
_POLL_SECONDS = 0.5
# While a node goes, the handler's reports come beside what the cluster tells.
_REPORTS_SECONDS = 2.0


@dataclass(frozen=True)
class Shown:
    """A board as HTML. `tiles` are by their events' names; `id` names all, `layout` where tiles stand."""

    id: str
    layout: str
    whole: str
    tiles: Mapping[str, str] = field(repr=False)


@require_GET
def fleet(request: PageRequest) -> HttpResponse:
    shown = show(translation.get_language() or "en", _PATIENCE_SECONDS)
    context = {"tab": "fleet", "shown": shown, "drills": environment().drills}
    return render(request, "web/operator/fleet.html", context)


async def fleet_events(request: PageRequest) -> StreamingHttpResponse:
    """`board` is all of it anew; `node-…` is one tile. Only the last event of a change has its whole id."""
    language = translation.get_language() or "en"
    return event_stream(request, _events(language, last_event_id(request)))


async def _events(language: str, seen: str) -> AsyncGenerator[bytes]:
    before: Shown | None = None
    while True:
        version, quiet_since = live.version(), time.monotonic()
        shown = await database(show, language)
        if shown.id == seen:
            yield HEARTBEAT
        elif before is None or before.layout != shown.layout:
            yield framed(shown.whole.encode(), name="board", id=shown.id)
        else:
            changed = [key for key, html in shown.tiles.items() if before.tiles.get(key) != html]
            for number, key in enumerate(changed, start=1):
                id = shown.id if number == len(changed) else f"{shown.id}.{number}"
                yield framed(shown.tiles[key].encode(), name=key, id=id)
        before, seen = shown, shown.id
        while live.version() == version and time.monotonic() - quiet_since < HEARTBEAT_SECONDS:
            await asyncio.sleep(_POLL_SECONDS)
            if "data-fenced" in shown.whole and time.monotonic() - quiet_since > _REPORTS_SECONDS:
                break


_lock = threading.Lock()
_kept: dict[str, tuple[tuple[int, int], Shown]] = {}


def show(language: str, patience_seconds: float = 0.0) -> Shown:
    """The board as HTML, made once for all readers of a language."""
    look = live.look(patience_seconds)
    with _lock:
        known = _kept.get(language)
        fenced = bool(look.fleet and any(node.end for node in look.fleet.nodes))
        key = (look.version, int(time.monotonic() / _REPORTS_SECONDS) if fenced else 0)
        if known is not None and known[0] == key and look.trouble is None:
            return known[1]
        with translation.override(language):
            shown = _render(look)
        _kept[language] = (key, shown)
        return shown


def _render(look: live.Look) -> Shown:
    context = {
        "trouble": explained(look.trouble) if look.trouble else None,
        "known": look.fleet is not None,
        "drills": environment().drills,
    }
    drawn = board(look.fleet, _told(look)) if look.fleet is not None else Board((), ())
    tiles = {
        tile.key: render_to_string("web/operator/tile.html", {**context, "tile": tile})
        for tile in drawn.tiles
    }
    groups = [(group, [(tile.key, tiles[tile.key]) for tile in group.tiles]) for group in drawn.groups]
    whole = render_to_string(
        "web/operator/board.html", {**context, "groups": groups, "homeless": drawn.homeless}
    )
    frame = render_to_string(
        "web/operator/board.html",
        {
            **context,
            "groups": [(group, [(key, "") for key, _ in inner]) for group, inner in groups],
            "homeless": drawn.homeless,
        },
    )
    return Shown(_digest(whole), _digest(frame), whole, tiles)


def _told(look: live.Look) -> dict[str, Told]:
    ends = [node.end.id for node in look.fleet.nodes if node.end] if look.fleet else []
    if not ends:
        return {}
    rows = InterruptedPod.objects.filter(interruption_id__in=ends)
    return {
        row.uid: Told(
            row.state,
            row.replacement,
            row.replacement_node,
            row.gap_seconds,
            in_words(row.gap_reason or row.blocked_reason),
        )
        for row in rows
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

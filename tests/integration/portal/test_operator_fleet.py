"""The fleet's page, live: tiles change by themselves; who comes again misses and repeats nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import AsyncClient, Client
from portal.drills.models import Drill
from portal.fleet import live
from portal.fleet.board import Told, board
from portal.web.pages.operator import fleet as page

from deployer.errors import Explanation
from tests.integration.portal.club_pages import attributes, text
from tests.integration.portal.operator_scene import (
    ScriptedFleet,
    doomed,
    fleet,
    operator_browser,
    project_pod,
)
from tests.unit.deployer.test_fleet_read import raw_node, raw_pod

pytestmark = pytest.mark.usefixtures("clean")
HANDED = {"madang.dev/handoff": "int-0123456789ab"}
DETACHED = {"madang.dev/handoff-detached-at": "2026-11-25T03:00:01.000Z"}


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedFleet:
    script = ScriptedFleet(fleet([raw_node("spot-1"), raw_node("spot-2")], []))
    monkeypatch.setattr(live, "look", script.look)
    monkeypatch.setattr(live, "version", script.version)
    monkeypatch.setattr(page, "_kept", {})
    return script


@pytest.fixture
def root() -> Client:
    return operator_browser()


def test_tiles_stand_by_pool_and_zone_with_their_load(root: Client, scripted: ScriptedFleet) -> None:
    scripted.become(
        fleet([raw_node("spot-1"), raw_node("ondemand-1", "on-demand")], [raw_pod("a", "spot-1", "blog")])
    )
    said = text(root.get("/operator/fleet"))
    assert "local.large local-a" in said
    assert "spot-1 spot ready CPU 25 % Memory 34 % ready: 1." in said
    assert "ondemand-1 on-demand ready" in said


def test_a_fenced_node_shows_its_countdown_and_each_pods_step(root: Client, scripted: ScriptedFleet) -> None:
    pods = [
        project_pod("a", "spot-1", "chess", "blog", labels=HANDED, annotations=DETACHED),
        project_pod("b", "spot-1", "chess", "<b>shop"),
    ]
    scripted.become(fleet([doomed(), raw_node("spot-2")], pods, usage=False))
    answer = root.get("/operator/fleet")
    said = text(answer)
    assert attributes(answer, "data-until") == ["2026-11-25T03:02:00+00:00"]
    assert "chess/blog replacement starts" in said
    assert "chess/<b>shop has to move" in said
    assert "CPU asked for" in said
    assert "<b>shop" not in answer.content.decode()


def test_what_the_handler_has_reported_goes_beyond_what_labels_say() -> None:
    pods = [project_pod("a", "spot-1", "chess", "blog", labels=HANDED, annotations=DETACHED)]
    told = {"uid-a": Told("ready", "blog-2", "spot-2", None, "")}
    (tile,) = board(fleet([doomed()], pods), told).tiles
    (dot,) = tile.leaving
    assert (dot.step, dot.told) == ("ready", told["uid-a"])
    (behind,) = board(fleet([doomed()], pods), {"uid-a": Told("waiting", "", "", None, "")}).tiles
    assert behind.leaving[0].step == "detached"


def test_a_cluster_that_cannot_be_seen_is_said_so(root: Client, scripted: ScriptedFleet) -> None:
    scripted.become(None)
    assert "Asking the cluster" in text(root.get("/operator/fleet"))
    scripted.trouble = Explanation("kubernetes-forbidden", "No.", "HTTP 403", "Check the role.")
    for path in ("/operator/fleet", "/operator/drills/new"):
        said = text(root.get(path))
        assert "The portal cannot see the cluster. HTTP 403 Next: Check the role." in said


def test_a_cluster_without_nodes_says_where_to_look(root: Client, scripted: ScriptedFleet) -> None:
    scripted.become(fleet([], []))
    assert "The cluster has no nodes Look whether its machines run" in text(root.get("/operator/fleet"))


def test_a_drill_is_offered_confirmed_by_name_and_begun_once(
    root: Client, scripted: ScriptedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    assert "/operator/drills/new" not in root.get("/operator/fleet").content.decode()
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update={"drills": "local"}))
    monkeypatch.setattr(page, "_kept", {})
    assert "/operator/drills/new?node=spot-2" in root.get("/operator/fleet").content.decode()
    asked = root.get("/operator/drills/new?node=spot-2")
    assert "Have spot-2 taken?" in text(asked)
    assert root.post("/operator/drills/new", {"node": "spot-2", "instance_id": "i-other"}).status_code == 302
    assert not Drill.objects.exists()
    begun = root.post("/operator/drills/new", {"node": "spot-2", "instance_id": "i-spot-2"})
    drill = Drill.objects.get()
    assert begun["Location"] == f"/operator/drills/{drill.pk}"
    assert "Cancel the drill" in text(root.get(begun["Location"]))
    assert "under way" in text(root.get("/operator/drills/new?node=spot-1"))
    again = root.post("/operator/drills/new", {"node": "spot-1", "instance_id": "i-spot-1"})
    assert again.status_code == 409


@dataclass(frozen=True)
class Event:
    id: str
    name: str
    data: str


async def events(answer: Any) -> AsyncIterator[Event]:
    """The events of a stream, without its heartbeats."""
    rest = ""
    async for part in answer.streaming_content:
        *whole, rest = (rest + part.decode()).split("\n\n")
        for block in whole:
            fields = re.findall(r"^(id|event|data): ?(.*)$", block, flags=re.M)
            data = "\n".join(value for name, value in fields if name == "data")
            named = dict(fields)
            if "event" in named:
                yield Event(named.get("id", ""), named["event"], data)


@pytest.fixture
def reader(root: Client) -> AsyncClient:
    client = AsyncClient()
    client.cookies.update(root.cookies)
    return client


async def test_changes_come_tile_by_tile_and_a_new_layout_as_a_whole(
    reader: AsyncClient, scripted: ScriptedFleet
) -> None:
    coming = events(await reader.get("/operator/fleet/events"))
    first = await anext(coming)
    assert first.name == "board"
    scripted.become(fleet([raw_node("spot-1"), doomed("spot-2")], []))
    tile = await anext(coming)
    assert tile.name == "node-uid-spot-2"
    assert "spot-2" in tile.data
    assert "spot-1" not in tile.data
    scripted.become(fleet([raw_node("spot-1")], []))
    whole = await anext(coming)
    assert (whole.name, "spot-2" in whole.data) == ("board", False)
    assert len({first.id, tile.id, whole.id}) == 3


async def test_who_comes_again_gets_the_present_board_only_if_it_is_another(
    reader: AsyncClient, scripted: ScriptedFleet
) -> None:
    first = await anext(events(await reader.get("/operator/fleet/events")))
    again = events(await reader.get("/operator/fleet/events", headers={"Last-Event-ID": first.id}))
    waiting = asyncio.ensure_future(anext(again))
    done, _ = await asyncio.wait([waiting], timeout=1)
    assert not done
    both = [raw_pod("a", "spot-1", "blog"), raw_pod("b", "spot-2", "blog")]
    scripted.become(fleet([raw_node("spot-1"), raw_node("spot-2")], both))
    changed = await waiting
    assert changed.id != first.id
    # The first of the two tiles is not all of it: who lost the connection there gets the board.
    half = events(await reader.get("/operator/fleet/events", headers={"Last-Event-ID": changed.id}))
    assert (await anext(half)).name == "board"

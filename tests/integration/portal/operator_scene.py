"""An operator's browser, and a fleet of which one node goes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client
from portal.fleet.live import Look

from deployer.errors import Explanation
from deployer.fleet import Fleet, Usage, read_fleet_pod, read_node
from deployer.fleet.fleet import fleet_of
from tests.integration.portal.club_pages import browser
from tests.unit.deployer.test_fleet_read import raw_node, raw_pod

DEADLINE = datetime(2026, 11, 25, 3, 2, tzinfo=UTC)


def operator_browser(username: str = "root") -> Client:
    return browser(username, is_superuser=True)


def doomed(name: str = "spot-1", id: str = "int-0123456789ab") -> dict[str, Any]:
    said = {
        "id": id,
        "kind": "spot-interruption",
        "deadline": DEADLINE.isoformat(),
        "moves": True,
        "fenced_at": (DEADLINE - timedelta(seconds=120)).isoformat(),
    }
    return raw_node(name, interruption=json.dumps(said))


def project_pod(name: str, node: str, club: str, project: str, **more: Any) -> dict[str, Any]:
    labels = {"madang.dev/club": club, "madang.dev/project": project, **more.pop("labels", {})}
    return raw_pod(name, node, labels=labels, **more)


def fleet(nodes: list[dict[str, Any]], pods: list[dict[str, Any]], usage: bool = True) -> Fleet:
    used = {each["metadata"]["name"]: Usage(500, 1 << 30) for each in nodes} if usage else {}
    return fleet_of(map(read_node, nodes), map(read_fleet_pod, pods), used)


@dataclass
class ScriptedFleet:
    """In place of `portal.fleet.live`: what the cluster tells is what the test says."""

    fleet: Fleet | None = None
    trouble: Explanation | None = None
    number: int = 1

    def become(self, fleet: Fleet | None) -> None:
        self.fleet = fleet
        self.number += 1

    def look(self, patience_seconds: float = 0) -> Look:
        return Look(self.fleet, self.trouble, self.number)

    def version(self) -> int:
        return self.number

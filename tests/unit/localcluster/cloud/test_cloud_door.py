"""The door for drills: it opens to the token alone, and takes an instance only by its own id."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from starlette.testclient import TestClient

from localcluster.cloud.door import door_application, kept_token
from localcluster.cloud.keeper import Keeper
from localcluster.cloud.record import CloudInstance

TOKEN = "right"
GOOD = {"Authorization": "Bearer right"}


class Place:
    """A keeper's place, without its machine."""

    def __init__(self, instance: CloudInstance | None) -> None:
        self.record = instance

    def change(self, change: Callable[[CloudInstance], CloudInstance]) -> CloudInstance | None:
        if self.record is not None:
            self.record = change(self.record)
        return self.record


def client(place: Place, now: datetime, token: str | None = TOKEN) -> TestClient:
    keepers = {"spot-1": cast("Keeper", place)}
    return TestClient(door_application(keepers, lambda: token, lambda: now))


def order(instance: CloudInstance, **changes: str) -> dict[str, str]:
    return {"node": "spot-1", "instance_id": instance.instance_id, **changes}


def test_a_drill_announces_the_reclaim_two_minutes_ahead_and_again_the_same(
    running: CloudInstance, now: datetime
) -> None:
    place = Place(running)
    first = client(place, now).post("/drill", json=order(running), headers=GOOD)
    later = client(place, now + timedelta(seconds=50)).post("/drill", json=order(running), headers=GOOD)
    assert first.json() == later.json()
    assert datetime.fromisoformat(first.json()["deadline"]) == now + timedelta(seconds=120)
    assert place.record is not None
    assert place.record.notice is not None


def test_nothing_opens_it_without_its_token(running: CloudInstance, now: datetime) -> None:
    place = Place(running)
    for token, headers in (
        ("right", {}),
        ("right", {"Authorization": "Bearer wrong"}),
        ("right", {"Authorization": "Bearer ÿ"}),
        (None, GOOD),
        ("", {"Authorization": "Bearer "}),
    ):
        encoded = {name: value.encode() for name, value in headers.items()}
        response = client(place, now, token).post("/drill", json=order(running), headers=encoded)
        assert response.status_code == 401
    assert place.record == running


def test_another_instance_under_the_same_name_is_left_alone(running: CloudInstance, now: datetime) -> None:
    place = Place(running)
    wanted = order(running, instance_id="i-00000000000000000")
    response = client(place, now).post("/drill", json=wanted, headers=GOOD)
    assert response.status_code == 409
    assert "it was replaced" in response.json()["error"]
    assert place.record == running


def test_what_is_no_order_or_no_node_is_refused_in_words(running: CloudInstance, now: datetime) -> None:
    asked = client(Place(running), now)
    assert asked.post("/drill", content=b"{", headers=GOOD).status_code == 422
    assert asked.post("/drill", json={"node": "spot-1"}, headers=GOOD).status_code == 422
    assert "Nodes: spot-1" in asked.post("/drill", json=order(running, node="x"), headers=GOOD).text
    assert client(Place(None), now).post("/drill", json=order(running), headers=GOOD).status_code == 409


def test_an_on_demand_node_is_never_taken(on_demand: CloudInstance, now: datetime) -> None:
    response = client(Place(on_demand), now).post("/drill", json=order(on_demand), headers=GOOD)
    assert response.status_code == 409


def test_it_has_no_other_order(running: CloudInstance, now: datetime) -> None:
    asked = client(Place(running), now)
    assert asked.post("/reclaim", json={"node": "spot-1"}, headers=GOOD).status_code == 404
    assert asked.get("/instances", headers=GOOD).status_code == 404


def test_the_token_is_what_the_installation_keeps(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    assert kept_token(file) is None
    file.write_text("{}")
    assert kept_token(file) is None
    file.write_text(json.dumps({"data": {"MADANG_DRILL_TOKEN": base64.b64encode(b"right").decode()}}))
    assert kept_token(file) == "right"

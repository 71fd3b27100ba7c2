"""Orders to the stand-in cloud: the command's words, and what the daemon makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

import pytest
from starlette.testclient import TestClient

from localcluster.cloud.__main__ import parser
from localcluster.cloud.client import describe
from localcluster.cloud.control import control_application
from localcluster.cloud.keeper import Keeper
from localcluster.cloud.record import CloudInstance


class Place:
    """A keeper's place, without its machine."""

    def __init__(self, instance: CloudInstance) -> None:
        self.record = instance

    def change(self, change: Callable[[CloudInstance], CloudInstance]) -> CloudInstance:
        self.record = change(self.record)
        return self.record


@pytest.fixture
def place(running: CloudInstance) -> Place:
    return Place(running)


@pytest.fixture
def cloud(place: Place, now: datetime) -> TestClient:
    return TestClient(control_application({"spot-1": cast("Keeper", place)}, lambda: now))


def test_each_kind_of_notice_can_be_given_moved_and_called_off(cloud: TestClient, place: Place) -> None:
    order = {"node": "spot-1"}
    for path, fields in (
        ("rebalance", {}),
        ("maintenance", {"code": "instance-retirement", "in_seconds": 600}),
        ("put-off", {"in_seconds": 7200, "code": None}),
        ("reclaim", {"notice_seconds": 120, "action": "stop"}),
    ):
        for _ in range(2):  # each again is the same
            assert cloud.post(f"/{path}", json={**order, **fields}).status_code == 200
    line = describe(place.record)
    assert "stop (spot) at" in line
    assert "rebalance recommended" in line
    assert line.count("instance-retirement at") == 1
    for _ in range(2):
        assert cloud.post("/cancel", json=order).status_code == 200
    assert describe(place.record).rpartition(";")[0] == ""


def test_a_refusal_says_what_to_do_instead(cloud: TestClient) -> None:
    refused = cloud.post("/put-off", json={"node": "spot-1"})
    assert refused.status_code == 409
    assert "cloud maintenance spot-1" in refused.json()["error"]
    assert "Nodes: spot-1." in cloud.post("/cancel", json={"node": "spot-9"}).json()["error"]


@pytest.mark.parametrize(
    "words",
    [
        ("reclaim", "spot-1", "--notice", "abc"),
        ("reclaim", "spot-1", "--notice", "-1"),
        ("terminate", "spot-1", "--notice", "nan"),
        ("maintenance", "spot-1", "--in", "inf"),
        ("put-off", "spot-1", "--in", "2592001"),
    ],
    ids=" ".join,
)
def test_a_number_that_makes_no_sense_is_refused_with_its_bounds(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    assert f"{words[-1]!r} is no number of seconds from 0 to " in capsys.readouterr().err


def test_a_word_that_is_no_event_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["put-off", "spot-1", "--code", "reboot"])
    assert "system-reboot" in capsys.readouterr().err.splitlines()[-1]

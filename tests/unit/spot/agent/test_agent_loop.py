"""The agent's loop with a metadata service and a Node in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spot.agent.loop import LONGEST_PAUSE_SECONDS, Agent
from spot.agent.metrics import AgentMetrics
from spot.agent.node import OwnNode
from spot.errors import Missing, PermanentError, TemporaryError
from spot.interruption import Kind
from spot.names import METADATA
from spot.settings import AgentSettings
from spot.sources.annotation import decode, notices
from spot.sources.seen import Seen

INSTANCE = "i-1234567890abcdef0"
START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SETTINGS = AgentSettings(node_name="spot-1")
INTERRUPTION = {"action": "terminate", "time": "2026-11-25T03:02:00Z"}
REBALANCE = {"noticeTime": "2026-11-25T03:00:00Z"}
EVENT = {
    "NotBefore": "2 Dec 2026 09:00:43 GMT",
    "Code": "system-reboot",
    "Description": "scheduled reboot",
    "EventId": "instance-event-0d59937288b749b32",
    "NotAfter": "2 Dec 2026 09:17:23 GMT",
    "State": "active",
}


@dataclass
class Service:
    """Answers what the test says; an exception is raised."""

    answers: dict[str, Any] = field(default_factory=dict)

    def _answer(self, name: str, otherwise: Any) -> Any:
        value = self.answers.get(name, otherwise)
        if isinstance(value, Exception):
            raise value
        return value

    def instance_id(self) -> str:
        return str(self._answer("instance_id", INSTANCE))

    def instance_action(self) -> Any:
        return self._answer("instance_action", None)

    def rebalance(self) -> Any:
        return self._answer("rebalance", None)

    def maintenance(self) -> Any:
        return self._answer("maintenance", [])

    def lifecycle(self) -> str:
        return str(self._answer("lifecycle", "InService"))


@dataclass
class Api:
    """A Node's annotations, and each patch that changed something."""

    annotations: dict[str, str] = field(default_factory=dict)
    writes: list[dict[str, Any]] = field(default_factory=list)
    trouble: Exception | None = None

    def call(self, method: str, path: str, *, body: Any = None, attempts: int = 4) -> Any:
        assert (method, path) == ("PATCH", "/api/v1/nodes/spot-1")
        if self.trouble:
            raise self.trouble
        if body:
            self.writes.append(body)
            self.annotations.update(body["metadata"]["annotations"])
        return {"metadata": {"annotations": dict(self.annotations)}}

    @property
    def seen(self) -> Seen:
        seen = decode(self.annotations[METADATA])
        assert seen
        return seen


@dataclass
class World:
    """Everything around one agent; `at` in seconds since the start."""

    service: Service = field(default_factory=Service)
    api: Api = field(default_factory=Api)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.metrics = AgentMetrics(clock=lambda: self.at)
        self.agent = Agent(
            service=self.service,
            node=OwnNode(self.api, "spot-1"),
            settings=SETTINGS,
            metrics=self.metrics,
            now=lambda: START + timedelta(seconds=self.at),
            clock=lambda: self.at,
        )

    def step(self, seconds: float = 1.0) -> float:
        pause = self.agent.step()
        self.at += seconds
        return pause

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.step()


@pytest.fixture
def world() -> World:
    return World()


def test_it_writes_nothing_but_its_own_annotation(world: World) -> None:
    world.step()
    (body,) = world.api.writes
    assert list(body) == ["metadata"]
    assert list(body["metadata"]) == ["annotations"]
    assert list(body["metadata"]["annotations"]) == [METADATA]


def test_it_writes_once_while_nothing_changes(world: World) -> None:
    world.steps(60)
    assert len(world.api.writes) == 1


def test_it_writes_again_after_five_minutes_in_case_that_somebody_took_it_away(world: World) -> None:
    world.steps(100)
    world.api.annotations.clear()
    world.steps(202)
    assert len(world.api.writes) == 2
    assert world.api.seen.instance_id == INSTANCE


def test_a_notice_is_on_the_node_after_the_step_that_sees_it(world: World) -> None:
    world.steps(10)
    world.service.answers["instance_action"] = INTERRUPTION
    world.step()
    (notice,) = notices(world.api.annotations[METADATA], "spot-1", START + timedelta(seconds=11))
    assert notice.kind is Kind.SPOT_INTERRUPTION
    assert notice.noticed_at == START + timedelta(seconds=10)


def test_all_four_kinds_are_told(world: World) -> None:
    world.service.answers = {
        "instance_action": INTERRUPTION,
        "rebalance": REBALANCE,
        "maintenance": [EVENT],
        "lifecycle": "Terminated",
    }
    world.step()
    told = notices(world.api.annotations[METADATA], "spot-1", START)
    assert {notice.kind for notice in told} == set(Kind) - {Kind.STOPPING}


def test_what_was_taken_back_is_over_even_if_the_agent_was_restarted_between(world: World) -> None:
    world.service.answers = {"rebalance": REBALANCE, "maintenance": [EVENT]}
    world.steps(5)
    world.restart()
    world.service.answers = {}
    world.steps(5)
    told = notices(world.api.annotations[METADATA], "spot-1", START + timedelta(minutes=1))
    assert [(notice.kind, notice.called_off) for notice in told] == [
        (Kind.MAINTENANCE, True),
        (Kind.REBALANCE, True),
    ]
    assert len(world.api.writes) == 2


def test_an_event_that_the_service_calls_canceled_is_over(world: World) -> None:
    world.service.answers["maintenance"] = [{**EVENT, "State": "canceled", "Description": "[Canceled] it"}]
    world.step()
    assert world.api.seen.maintenance[0].over_at == START


@pytest.mark.parametrize("part", ["rebalance", "maintenance", "lifecycle"])
@pytest.mark.parametrize("wrong", [TemporaryError("503"), [1], {"x": 1}, "\ud800", 7])
def test_one_part_that_fails_hides_no_other_and_takes_nothing_back(
    world: World, part: str, wrong: object
) -> None:
    world.service.answers = {"rebalance": REBALANCE, "maintenance": [EVENT], "lifecycle": "Terminated"}
    world.step()
    before = world.api.seen
    world.service.answers |= {part: wrong, "instance_action": INTERRUPTION}
    world.step()
    assert world.api.seen.spot
    if part != "lifecycle" or isinstance(wrong, Exception) or wrong == "\ud800":
        assert world.api.seen.model_copy(update={"spot": None}) == before


@pytest.mark.parametrize("trouble", [TemporaryError("timeout"), RuntimeError("a bug"), MemoryError()])
def test_no_trouble_of_the_metadata_service_ends_it(world: World, trouble: Exception) -> None:
    world.service.answers["instance_id"] = trouble
    pauses = [world.step() for _ in range(50)]
    assert max(pauses) <= LONGEST_PAUSE_SECONDS
    assert len(set(pauses[10:])) > 1
    assert world.api.writes == []
    world.service.answers.clear()
    assert world.step() == SETTINGS.poll_seconds
    assert len(world.api.writes) == 1


@pytest.mark.parametrize("name", ["", "node-1", "i-xyz"])
def test_a_service_that_names_no_instance_is_in_trouble(world: World, name: str) -> None:
    world.service.answers["instance_id"] = name
    world.steps(3)
    assert world.api.writes == []


@pytest.mark.parametrize(
    "trouble", [TemporaryError("503"), PermanentError("403"), Missing("404"), KeyError("x")]
)
def test_no_trouble_of_the_api_server_ends_it_and_a_notice_is_written_soon_after(
    world: World, trouble: Exception
) -> None:
    world.step()
    world.service.answers["instance_action"] = INTERRUPTION
    world.api.trouble = trouble
    world.steps(30)
    assert len(world.api.writes) == 1
    world.api.trouble = None
    world.steps(int(LONGEST_PAUSE_SECONDS) + 1)
    assert len(world.api.writes) == 2
    assert world.api.seen.spot


def test_it_polls_on_at_its_pace_while_the_api_server_is_away(world: World) -> None:
    world.api.trouble = TemporaryError("503")
    assert {world.step() for _ in range(20)} == {SETTINGS.poll_seconds}


def test_a_node_made_anew_is_annotated_again(world: World) -> None:
    world.step()
    world.api.trouble = Missing("404")
    world.steps(301)
    world.api.trouble, world.api.annotations = None, {}
    world.steps(6)
    assert world.api.seen.instance_id == INSTANCE


def test_an_annotation_that_somebody_spoilt_is_overwritten(world: World) -> None:
    world.api.annotations[METADATA] = "{spoilt"
    world.step()
    assert world.api.seen.instance_id == INSTANCE


def test_it_is_alive_in_trouble_but_not_ready(world: World) -> None:
    assert not world.metrics.ready()
    world.step()
    assert world.metrics.ready()
    world.service.answers["instance_id"] = TemporaryError("503")
    world.steps(100)
    assert world.metrics.alive()
    assert not world.metrics.ready()
    world.at += 100
    assert not world.metrics.alive()


def test_troubles_are_counted_by_what_failed(world: World) -> None:
    world.service.answers["rebalance"] = TemporaryError("503")
    world.steps(3)
    world.service.answers["instance_id"] = TemporaryError("503")
    world.steps(2)
    counted = {
        what: world.metrics.registry.get_sample_value("madang_spot_agent_troubles_total", {"what": what})
        for what in ("part", "read", "write")
    }
    assert counted == {"part": 3, "read": 2, "write": 0}

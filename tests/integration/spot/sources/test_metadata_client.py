"""The client of the metadata service against the stand-in, Amazon's own mock, and a server in trouble."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localcluster.cloud.announcements import call_off
from localcluster.cloud.record import CloudInstance
from spot.agent.looking import look
from spot.errors import TemporaryError
from spot.interruption import Kind
from spot.sources.annotation import encode, notices
from spot.sources.imds import RENEW_SECONDS, TOKEN_SECONDS, MetadataService
from tests.integration.localcluster.cloud.conftest import Service
from tests.integration.spot.sources.scripted_metadata import Script, scripted

pytestmark = pytest.mark.xdist_group("sources")
NOW = datetime.now(UTC).replace(microsecond=0)
PATIENCE_SECONDS = 300.0
Serve = Callable[[Callable[[], CloudInstance]], Service]
READS: list[Callable[[MetadataService], Any]] = [
    MetadataService.instance_id,
    MetadataService.instance_action,
    MetadataService.rebalance,
    MetadataService.maintenance,
    MetadataService.lifecycle,
]


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def client(script: Script) -> Iterator[MetadataService]:
    client = MetadataService(script.url, timeout_seconds=PATIENCE_SECONDS)
    yield client
    client.close()


def test_the_stand_in_and_amazons_mock_are_read_alike(
    serve: Serve, mock: Service, announced: CloudInstance
) -> None:
    ours, theirs = (
        MetadataService(url, PATIENCE_SECONDS) for url in (serve(lambda: announced).url, mock.url)
    )
    for read in READS:
        if read not in (MetadataService.instance_action, MetadataService.rebalance):
            assert read(ours) == read(theirs)
    # The mock's times slide with its clock: only the form is the same.
    assert ours.instance_action().keys() == theirs.instance_action().keys()
    assert ours.rebalance().keys() == theirs.rebalance().keys()


@pytest.mark.parametrize("which", ["stand-in", "mock"])
def test_all_that_is_announced_becomes_notices(
    serve: Serve, announced: CloudInstance, which: str, request: pytest.FixtureRequest
) -> None:
    service: Service = request.getfixturevalue("mock") if which == "mock" else serve(lambda: announced)
    # Read now, not when this module was: nothing is noticed later than it was read.
    now = datetime.now(UTC)
    sight = look(MetadataService(service.url, PATIENCE_SECONDS), None, now)
    assert sight.troubles == ()
    told = {notice.kind: notice for notice in notices(encode(sight.seen), "spot-1", now)}
    assert set(told) == {Kind.SPOT_INTERRUPTION, Kind.MAINTENANCE, Kind.REBALANCE}
    assert {notice.instance_id for notice in told.values()} == {announced.instance_id}
    (event,) = announced.maintenance
    assert told[Kind.MAINTENANCE].deadline == event.not_before
    if which == "stand-in":
        assert announced.notice
        assert told[Kind.SPOT_INTERRUPTION].deadline == announced.notice.deadline
        assert told[Kind.REBALANCE].noticed_at == announced.rebalance_at


def test_what_the_cloud_calls_off_is_over_at_the_next_look(serve: Serve, announced: CloudInstance) -> None:
    instance = announced
    client = MetadataService(serve(lambda: instance).url, PATIENCE_SECONDS)
    before = look(client, None, NOW).seen
    instance = call_off(announced)
    after = look(client, before, NOW + timedelta(seconds=1)).seen
    assert [(notice.kind, notice.called_off) for notice in notices(encode(after), "spot-1", NOW)] == [
        (Kind.MAINTENANCE, True),
        (Kind.REBALANCE, True),
    ]


def test_one_token_serves_many_reads(client: MetadataService, script: Script) -> None:
    for _ in range(3):
        assert client.instance_action() == {"action": "terminate", "time": "2026-11-25T03:02:00Z"}
    assert len(script.paths("PUT")) == 1


def test_nothing_is_none(client: MetadataService, script: Script) -> None:
    script.documents = {}
    assert [read(client) for read in READS] == ["", None, None, None, ""]


def test_the_instances_id_is_asked_for_once(client: MetadataService, script: Script) -> None:
    assert client.instance_id() == client.instance_id() == "i-1234567890abcdef0"
    assert len(script.paths("GET")) == 1


def test_a_token_that_is_refused_is_renewed_once(client: MetadataService, script: Script) -> None:
    client.lifecycle()
    script.token = "second"
    assert client.lifecycle() == "InService"
    assert len(script.paths("PUT")) == 2


def test_a_service_that_refuses_every_token_is_in_trouble_and_not_hammered(
    client: MetadataService, script: Script
) -> None:
    client.lifecycle()
    script.statuses["autoscaling/target-lifecycle-state"] = 401
    script.asked.clear()
    with pytest.raises(TemporaryError, match="401"):
        client.lifecycle()
    assert [method for method, _, _ in script.asked] == ["GET", "PUT", "GET"]


def test_a_token_is_renewed_before_it_runs_out(script: Script) -> None:
    at = 0.0
    client = MetadataService(script.url, PATIENCE_SECONDS, clock=lambda: at)
    client.lifecycle()
    at = TOKEN_SECONDS - RENEW_SECONDS - 1.0
    client.lifecycle()
    assert len(script.paths("PUT")) == 1
    at += 2
    client.lifecycle()
    assert len(script.paths("PUT")) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 503])
def test_without_a_token_nothing_is_asked(client: MetadataService, script: Script, status: int) -> None:
    """Never version 1, which answers without one."""
    script.token_status = status
    for read in READS:
        with pytest.raises(TemporaryError, match=str(status)):
            read(client)
    assert script.paths("GET") == []


def test_no_request_of_a_document_goes_without_a_token(client: MetadataService, script: Script) -> None:
    for read in READS:
        read(client)
    assert all(token for method, _, token in script.asked if method == "GET")


@pytest.mark.parametrize("status", [301, 302, 400, 403, 429, 500, 503])
def test_a_bad_answer_is_temporary_and_the_next_good_one_is_read(
    client: MetadataService, script: Script, status: int
) -> None:
    script.statuses["spot/instance-action"] = status
    with pytest.raises(TemporaryError, match=str(status)):
        client.instance_action()
    assert script.paths("GET") == ["/latest/meta-data/spot/instance-action"]
    script.statuses.clear()
    assert client.instance_action()["action"] == "terminate"


@pytest.mark.parametrize("text", ["", "{", "NaN{", "<html>", "[" * 20_000])
def test_an_answer_that_is_not_json_is_temporary(client: MetadataService, script: Script, text: str) -> None:
    script.documents["spot/instance-action"] = text
    with pytest.raises(TemporaryError, match="not JSON"):
        client.instance_action()


def test_a_service_that_is_too_slow_is_temporary(script: Script) -> None:
    script.may_answer.clear()
    client = MetadataService(script.url, timeout_seconds=0.1)
    with pytest.raises(TemporaryError, match="does not answer"):
        client.instance_action()
    script.may_answer.set()
    assert MetadataService(script.url, PATIENCE_SECONDS).instance_action()


def test_a_service_that_hangs_up_is_temporary(client: MetadataService, script: Script) -> None:
    client.lifecycle()
    script.hang_up = True
    with pytest.raises(TemporaryError, match="does not answer"):
        client.lifecycle()
    script.hang_up = False
    assert client.lifecycle() == "InService"


def test_a_service_that_is_not_there_is_temporary_and_says_what_to_look_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TemporaryError, match="hostNetwork"):
        MetadataService(f"http://127.0.0.1:{port}", PATIENCE_SECONDS).instance_id()


def test_no_proxy_is_asked_in_its_place(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert MetadataService(script.url, PATIENCE_SECONDS).lifecycle() == "InService"


@pytest.mark.parametrize("text", ["", "two\nlines", "\u00e9"])
def test_a_token_that_is_none_is_temporary(client: MetadataService, script: Script, text: str) -> None:
    script.token = text
    with pytest.raises(TemporaryError, match="no token"):
        client.lifecycle()

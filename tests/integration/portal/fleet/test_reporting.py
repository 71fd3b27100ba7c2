"""The spot handler's reports at a real portal: sent twice, late, together, forged."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from portal.fleet.models import InterruptedPod, Interruption
from pydantic import SecretStr

from spot.errors import PermanentError, TemporaryError
from spot.outbox import Outbox
from spot.reporting import Reporter, body
from spot.signing import sign
from tests.integration.portal.fleet.conftest import NEW_KEY, OLD_KEY
from tests.integration.portal.processes import Portal, eventually
from tests.integration.portal.test_claims import at_once
from tests.integration.redis_server import free_port
from tests.unit.portal.fleet.reports import pod, report

Make = Callable[..., Reporter]
PATH = "/api/v1/fleet/interruptions/int-0123456789ab"


def put(portal: Portal, content: bytes, path: str = PATH, **headers: str) -> tuple[int, Any]:
    """A request with a good signature over `content`, but for what `headers` say instead."""
    timestamp = headers.pop("timestamp", str(int(time.time())))
    signature = headers.pop("signature", sign(NEW_KEY, int(timestamp), "PUT", path, content))
    given = {"X-Madang-Timestamp": timestamp, "X-Madang-Signature": signature, **headers}
    answer = httpx.put(portal.url + path, content=content, headers=given, timeout=240, trust_env=False)
    return answer.status_code, answer.json()


def kept() -> tuple[int, str, list[str]]:
    row = Interruption.objects.get()
    return row.revision, row.state, [f"{pod.name} {pod.state}" for pod in row.pods.all()]


def test_a_record_is_kept_whole(reporter: Make) -> None:
    told = pod(
        state="retired",
        detached_at="2026-11-25T03:00:01.250Z",
        replacement="blog-b",
        replacement_node="spot-2",
        blocked_since="2026-11-25T03:00:00.500Z",
        blocked_reason="no room",
        gap_seconds=0,
    )
    reporter().send(report(4, state="moving", pods=[told, pod("b", way="leave")]))
    row = Interruption.objects.get()
    assert (row.revision, row.state, row.sources) == (4, "moving", ["imds", "sqs"])
    first, second = row.pods.all()
    assert (first.replacement, first.replacement_node, first.gap_seconds) == ("blog-b", "spot-2", 0)
    assert first.detached_at is not None
    assert first.detached_at.isoformat() == "2026-11-25T03:00:01.250000+00:00"
    assert (second.way, second.gap_seconds) == ("leave", None)


def test_a_later_revision_replaces_the_record_and_its_pods(reporter: Make) -> None:
    one = reporter()
    one.send(report(1, pods=[pod("a"), pod("b")]))
    known = InterruptedPod.objects.get(uid="uid-b").pk
    one.send(report(2, state="moving", pods=[pod("b", state="ready"), pod("c")]))
    assert kept() == (2, "moving", ["blog-b ready", "blog-c waiting"])
    assert InterruptedPod.objects.get(uid="uid-b").pk == known


def test_the_same_again_and_older_ones_change_nothing(reporter: Make) -> None:
    one = reporter()
    one.send(report(3, state="moving", pods=[pod("a", state="ready")]))
    heard = Interruption.objects.get().received_at
    one.send(report(3, state="moving", pods=[pod("a", state="ready")]))
    one.send(report(2, state="fenced", pods=[]))
    one.send(report(3, state="noticed", pods=[]))
    assert kept() == (3, "moving", ["blog-a ready"])
    assert Interruption.objects.get().received_at == heard


def test_a_node_that_is_gone_stays_gone_but_its_gaps_may_still_become_known(reporter: Make) -> None:
    one = reporter()
    one.send(report(5, state="gone", pods=[pod("a", state="lost")]))
    for state in ("noticed", "fenced", "moving", "clear", "cancelled"):
        one.send(report(6, state=state))
    assert kept() == (5, "gone", ["blog-a lost"])
    one.send(report(7, state="gone", pods=[pod("a", state="lost", gap_seconds=2.5)]))
    assert InterruptedPod.objects.get().gap_seconds == 2.5


def test_what_was_called_off_goes_on_when_a_graver_notice_stands_over_it(reporter: Make) -> None:
    one = reporter()
    one.send(report(1, state="cancelled", kind="rebalance", cancelled_at="2026-11-25T03:00:30Z"))
    one.send(report(2, state="moving"))
    row = Interruption.objects.get()
    assert (row.state, row.kind, row.cancelled_at) == ("moving", "spot-interruption", None)


def test_of_many_at_the_same_time_the_newest_stays(reporter: Make) -> None:
    reporters = [reporter() for _ in range(8)]
    for round_ in range(3):
        name = f"int-{round_}"
        told = [
            report(1 + index // 2, id=name, pods=[pod(f"{index // 2}-{number}") for number in range(20)])
            for index in range(8)
        ]
        results = at_once(*(lambda r=r, t=t: r.send(t) for r, t in zip(reporters, told, strict=True)))
        assert results == [None] * 8
        row = Interruption.objects.get(pk=name)
        assert row.revision == 4
        assert {pod.uid.split("-")[1] for pod in row.pods.all()} == {"3"}
        assert row.pods.count() == 20


def test_two_thousand_pods_fit_into_one_report(reporter: Make) -> None:
    many = [
        pod(f"{number:04}", blocked_reason="no room " * 20, gap_reason="its volume cannot be in two places")
        for number in range(2000)
    ]
    reporter().send(report(pods=many))
    assert InterruptedPod.objects.count() == 2000


def test_a_key_that_is_being_replaced_still_opens_and_a_strange_one_does_not(reporter: Make) -> None:
    reporter(OLD_KEY).send(report(1))
    reporter(f"{NEW_KEY},{OLD_KEY}").send(report(2))
    with pytest.raises(PermanentError, match="signature-refused"):
        reporter("a strange key").send(report(3))
    assert kept()[0] == 2


@pytest.mark.parametrize(("seconds", "where"), [(-3600, "behind"), (3600, "ahead")])
def test_a_clock_that_is_off_is_told_how_far(reporter: Make, seconds: int, where: str) -> None:
    began = time.time()
    with pytest.raises(PermanentError, match="report-out-of-time") as refused:
        reporter(clock=lambda: time.time() + seconds).send(report())
    told = re.search(rf" (\d+) s {where}", str(refused.value))
    assert told is not None
    # And what the report took on its way.
    assert abs(int(told[1]) - 3600) <= time.time() - began + 1
    assert not Interruption.objects.exists()


def test_a_report_that_was_recorded_on_its_way_can_be_sent_again_but_not_changed(portal: Portal) -> None:
    content, timestamp = body(report(1)), int(time.time())
    stolen = {"timestamp": str(timestamp), "signature": sign(NEW_KEY, timestamp, "PUT", PATH, content)}
    assert put(portal, content, **stolen)[0] == 200
    status, answer = put(portal, content, **stolen)
    assert (status, answer["changed"]) == (200, False)
    for other in (body(report(2)), content + b" ", b""):
        status, answer = put(portal, other, **stolen)
        assert (status, answer["error"]["reason"]) == (401, "signature-refused")
    elsewhere = put(portal, content, PATH.replace("0123", "9999"), **stolen)
    assert elsewhere[0] == 401
    assert kept()[0] == 1


def test_an_access_key_opens_nothing_here(portal: Portal) -> None:
    status, answer = put(portal, body(report()), signature="", Authorization="Bearer mdg_aaaaaaaaaa_b")
    assert (status, answer["error"]["reason"]) == (401, "signature-refused")
    assert set(answer["error"]) == {"reason", "what", "evidence", "next"}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff", b"null", b"[" * 100_000, body(report(node="a b")), body(report(more=1))],
)
def test_a_well_signed_record_that_is_not_the_contracts_is_refused_with_its_place(
    portal: Portal, content: bytes
) -> None:
    status, answer = put(portal, content)
    assert (status, answer["error"]["reason"]) == (422, "bad-request")
    assert "a b" not in answer["error"]["evidence"]


def test_a_record_goes_to_its_own_address(portal: Portal) -> None:
    status, answer = put(portal, body(report()), PATH + "0")
    assert (status, answer["error"]["reason"]) == (422, "other-id")


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_has_its_limit(portal: Portal, announced: bool) -> None:
    content = b" " * ((2 << 20) + 1)
    sent = content if announced else iter([content[: 1 << 20], content[1 << 20 :]])
    timestamp = int(time.time())
    signature = sign(NEW_KEY, timestamp, "PUT", PATH, content)
    headers = {"X-Madang-Timestamp": str(timestamp), "X-Madang-Signature": signature}
    answer = httpx.put(portal.url + PATH, content=sent, headers=headers, timeout=240, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (413, "too-large")


def test_foreign_words_never_make_a_record_unacceptable(reporter: Make) -> None:
    reporter().send(report(detail="\ud800\x00\x1b[2J" + "ㄱ" * 5000, pods=[pod(gap_reason="x" * 5000)]))
    assert len(InterruptedPod.objects.get().gap_reason) == 1000


def test_a_portal_that_is_not_there_is_trouble_that_passes(reporter: Make) -> None:
    absent = Reporter(f"http://127.0.0.1:{free_port()}", SecretStr(NEW_KEY), 240)
    with pytest.raises(TemporaryError, match="does not answer"):
        absent.send(report())


def test_the_outbox_delivers_the_last_state_of_each_and_says_so(reporter: Make) -> None:
    heard: list[tuple[str, int]] = []
    outbox = Outbox(reporter(), lambda name, revision: heard.append((name, revision)))
    for revision in range(1, 6):
        for name in ("int-a", "int-b"):
            outbox.put(report(revision, id=name, state="gone" if revision == 5 else "moving"))
    assert outbox.pending == 2
    outbox.start()
    eventually(lambda: not outbox.pending and len(heard) == 2, "both reports")
    assert heard == [("int-a", 5), ("int-b", 5)]
    outbox.put(report(9, id="int-a", state="gone"))
    assert outbox.stop(60) == 0
    assert heard[-1] == ("int-a", 9)
    assert set(Interruption.objects.values_list("pk", "revision")) == {("int-a", 9), ("int-b", 5)}


def test_what_is_reported_while_the_portal_is_away_arrives_once_it_is_back(
    platform_environment: dict[str, str], tmp_path: Path
) -> None:
    port, heard = free_port(), list[tuple[str, int]]()
    absent = Reporter(f"http://127.0.0.1:{port}", SecretStr(NEW_KEY), 240)
    outbox = Outbox(absent, lambda name, revision: heard.append((name, revision)))
    outbox.start()
    for revision in (1, 2):
        outbox.put(report(revision))
    keyed = {**platform_environment, "MADANG_SPOT_REPORT_KEY": NEW_KEY}
    portal = Portal(keyed, tmp_path / "log", port)
    try:
        eventually(lambda: heard, "the report")
        assert heard == [("int-0123456789ab", 2)]
        assert kept() == (2, "noticed", [])
    finally:
        outbox.stop(60)
        portal.end()
        absent.close()


def test_a_portal_without_a_key_says_so_and_the_report_is_trouble_that_passes(
    platform_environment: dict[str, str], tmp_path: Path
) -> None:
    portal = Portal(platform_environment, tmp_path / "log")
    try:
        with pytest.raises(TemporaryError, match=r"no-report-key .*MADANG_SPOT_REPORT_KEY is not set"):
            Reporter(portal.url, SecretStr(NEW_KEY), 240).send(report())
    finally:
        portal.end()

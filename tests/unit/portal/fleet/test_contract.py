"""What the spot handler writes is what the portal takes."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from portal.fleet.report import InterruptionReport, PodReport
from portal.fleet.states import PodState
from portal.fleet.states import Way as PortalsWay

from spot.handoff.way import Way
from spot.interruption import Kind, Notice, begin
from spot.record import PodRecord, Record, to_json
from spot.reporting import body

NOW = datetime(2026, 11, 25, 3, 0, 0, 123456, tzinfo=UTC)
END = begin(Notice("i-0123456789abcdef0", Kind.REBALANCE, "imds", NOW, detail="\x1b[31m" + "x" * 3000))
POD = PodRecord("club-chess", "blog-6d4-x7", "0a1b-2c", "Deployment/blog", "chess", "blog", "handoff")
RECORD = Record(
    END.id, "spot-1", "node-uid", END.instance_id, END.kind.value, NOW, revision=1, sources=("imds",)
)


def taken(record: Record) -> InterruptionReport:
    return InterruptionReport.model_validate_json(body(to_json(record, whole=False)))


def test_both_sides_know_the_same_fields_and_words() -> None:
    told = to_json(replace(RECORD, pods=(POD,)), whole=False)
    assert set(told) == set(InterruptionReport.model_fields)
    assert set(told["pods"][0]) == set(PodReport.model_fields)
    assert {way.value for way in Way} == set(PortalsWay.values)


@pytest.mark.parametrize("state", PodState.values)
def test_a_record_is_taken_with_pods_in_every_state(state: str) -> None:
    late = NOW + timedelta(seconds=9)
    moments = {field.name: late for field in fields(PodRecord) if field.name.endswith("_at")}
    pod = replace(
        POD, state=state, blocked_since=late, gap_seconds=0.25, gap_reason="no-deployment", **moments
    )
    bare = PodRecord("kube-system", "a.b", "u-2", "", way="evict")
    foreign = PodRecord("shop", "c", "u-3", "Rollout/c.d", "Not_Ours", "1.0", way="evict")
    found = taken(replace(RECORD, deadline=late, detail=END.detail, pods=(pod, bare, foreign)))
    assert found.noticed_at == NOW.replace(microsecond=123000)
    assert [each.state for each in found.pods] == [state, "waiting", "waiting"]
    assert "\x1b" not in found.detail


def test_a_record_comes_back_from_the_wire_as_it_was_told() -> None:
    told = to_json(replace(RECORD, pods=(POD,)), whole=False)
    again = taken(replace(RECORD, pods=(POD,))).model_dump(mode="json")
    assert {name for name in told if json.dumps(told[name]) != json.dumps(again[name])} == {"noticed_at"}

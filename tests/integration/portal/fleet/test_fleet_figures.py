"""What interruptions and nodes come to: totals, node-hours, money; and the price table."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from portal.accounts.models import AuditEntry
from portal.accounts.principal import Principal, operator
from portal.fleet.actions import record
from portal.fleet.listing import summaries
from portal.fleet.models import InstancePrice, Interruption, NodeTime
from portal.fleet.pricing import remove_price, set_price
from portal.fleet.report import InterruptionReport
from portal.fleet.sampling import hours, keep
from portal.fleet.savings import savings
from portal.fleet.totals import totals
from portal.problems import Problem

from deployer.fleet import read_node
from tests.unit.deployer.test_fleet_read import raw_node
from tests.unit.portal.fleet.reports import pod, report

pytestmark = pytest.mark.usefixtures("clean")
BY = operator("test")
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def tell(**changes: Any) -> None:
    record(InterruptionReport.model_validate_json(json.dumps(report(**changes))))


def test_without_interruptions_there_is_nothing_to_tell() -> None:
    told = totals()
    assert (told.count, told.median_clear_seconds, told.availability) == (0, None, None)


def test_totals_are_of_the_pods_that_moved() -> None:
    for number, seconds in enumerate((10, 30, 50)):
        tell(
            id=f"int-{number}",
            state="gone",
            clear_at=f"2026-11-25T03:00:{seconds}.000Z",
            gone_at="2026-11-25T03:02:00.000Z",
            pods=[
                pod("a", state="retired", gap_seconds=0),
                pod("b", state="retired", gap_seconds=1.8 if number == 2 else 0),
                pod("c", state="lost", gap_seconds=None),
                pod("d", way="leave", project=None),
            ],
        )
    tell(id="int-open", state="moving", clear_at=None)
    told = totals()
    assert (told.count, told.open, told.moved, told.with_gap, told.unknown_gaps) == (4, 1, 6, 1, 3)
    assert told.median_clear_seconds == 30
    assert told.availability == pytest.approx(1 - 1.8 / (2 * (10 + 30 + 50)))
    assert totals(datetime(2026, 11, 26, tzinfo=UTC)).count == 0


def test_the_list_goes_on_behind_its_last_line() -> None:
    for number in range(5):
        tell(id=f"int-{number}", noticed_at=f"2026-11-25T03:00:0{number // 2}.000Z")
    first = summaries(limit=2)
    second = summaries(limit=9, before=Interruption.objects.get(pk=first[-1].id))
    assert [each.id for each in (*first, *second)] == ["int-4", "int-3", "int-2", "int-1", "int-0"]
    assert summaries(limit=9, kind="rebalance") == []


def test_a_time_is_shared_among_its_hours() -> None:
    since = NOON - timedelta(seconds=90)
    assert hours(since, NOON + timedelta(seconds=30)) == [(NOON - timedelta(hours=1), 90.0), (NOON, 30.0)]


def test_nodes_are_credited_with_the_time_since_the_last_count_but_not_with_what_nobody_saw() -> None:
    spot, base = raw_node("spot-1"), raw_node("base", "on-demand")
    nodes = [read_node(each) for each in (spot, raw_node("spot-2"), base, raw_node("off", ready="Unknown"))]
    keep(nodes, NOON)
    assert sum(row.seconds for row in NodeTime.objects.all()) == 0
    keep(nodes, NOON + timedelta(seconds=300))
    keep(nodes, NOON + timedelta(seconds=300))
    keep(nodes, NOON + timedelta(hours=5))
    found = dict(NodeTime.objects.filter(capacity_type="spot").values_list("hour", "seconds"))
    assert found == {NOON: 600.0, NOON + timedelta(hours=4): 1200.0}


def test_savings_are_what_the_same_hours_would_have_cost_on_demand() -> None:
    NodeTime.objects.create(hour=NOON, instance_type="m7g.large", capacity_type="spot", seconds=7200)
    NodeTime.objects.create(hour=NOON, instance_type="m7g.large", capacity_type="on-demand", seconds=3600)
    NodeTime.objects.create(hour=NOON, instance_type="odd.one", capacity_type="spot", seconds=1800)
    assert savings().amounts == ()
    set_price(
        by=BY, instance_type="m7g.large", spot=Decimal("0.03"), on_demand=Decimal("0.1"), currency="USD"
    )
    told = savings()
    (amount,) = told.amounts
    assert (amount.paid, amount.on_demand, amount.saved) == (
        Decimal("0.16"),
        Decimal("0.3"),
        Decimal("0.14"),
    )
    assert told.unpriced == ("odd.one",)
    assert told.spot_hours == 2.5
    assert savings(NOON + timedelta(hours=1)).amounts == ()


def test_prices_are_an_operators_and_every_change_is_told() -> None:
    price = {"spot": Decimal(1), "on_demand": Decimal(2), "currency": "KRW"}
    set_price(by=BY, instance_type="a", **price)  # type: ignore[arg-type]
    remove_price(by=BY, instance_type="a")
    remove_price(by=BY, instance_type="a")
    assert not InstancePrice.objects.exists()
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["remove_price", "set_price"]
    owner = Principal("person:kim", "chess", None, frozenset({"manage"}))
    for bad, by in (({"currency": "won"}, BY), ({"spot": Decimal(-1)}, BY), ({}, owner)):
        with pytest.raises(Problem):
            set_price(by=by, instance_type="a", **{**price, **bad})  # type: ignore[arg-type]

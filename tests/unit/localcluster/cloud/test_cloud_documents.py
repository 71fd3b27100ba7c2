"""The metadata documents of an instance in each of its states, and the tokens before them."""

import json
from datetime import datetime

import pytest

from localcluster.cloud.announcements import (
    announce_reclaim,
    announce_termination,
    call_off,
    put_off_maintenance,
    recommend_rebalance,
    schedule_maintenance,
)
from localcluster.cloud.documents import answer, error
from localcluster.cloud.record import Action, CloudInstance, EventCode
from localcluster.cloud.tokens import Tokens, wanted_ttl_seconds

META = "/latest/meta-data"
EVENT = "instance-event-0123456789abcdef0"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("instance-life-cycle", "spot"),
        ("instance-type", "local.large"),
        ("placement/availability-zone", "local-a"),
        ("placement/region", "local"),
        ("local-ipv4", "172.30.0.19"),
        ("hostname", "spot-1"),
        ("autoscaling/target-lifecycle-state", "InService"),
    ],
)
def test_a_node_tells_what_it_is(running: CloudInstance, path: str, value: str) -> None:
    got = answer(running, f"{META}/{path}")
    assert (got.status, got.content_type, got.body) == (200, "text/plain", value)
    assert answer(running, f"{META}/{path}/") == got


def test_while_nothing_is_announced_the_spot_paths_do_not_exist(running: CloudInstance) -> None:
    for path in ("spot", "spot/instance-action", "spot/termination-time", "events/recommendations/rebalance"):
        assert answer(running, f"{META}/{path}") == error(404)
    assert "spot/" not in answer(running, META).body.split()
    assert json.loads(answer(running, f"{META}/events/maintenance/scheduled").body) == []


def test_an_announced_reclaim_stands_in_both_spot_paths(running: CloudInstance, now: datetime) -> None:
    announced = announce_reclaim(running, now, 120, Action.STOP)
    got = answer(announced, f"{META}/spot/instance-action")
    assert got.content_type == "application/json"
    assert got.body == '{\n\t"action": "stop",\n\t"time": "2026-03-05T09:12:11Z"\n}'
    assert answer(announced, f"{META}/spot/termination-time").body == "2026-03-05T09:12:11Z"
    assert answer(call_off(announced), f"{META}/spot/instance-action").status == 404


def test_a_rebalance_recommendation_tells_when_it_was_given(running: CloudInstance, now: datetime) -> None:
    got = answer(recommend_rebalance(running, now), f"{META}/events/recommendations/rebalance")
    assert json.loads(got.body) == {"noticeTime": "2026-03-05T09:10:11Z"}


def test_an_auto_scaling_termination_shows_as_target_state_and_not_as_spot(
    running: CloudInstance, now: datetime
) -> None:
    leaving = announce_termination(running, now, 60)
    assert answer(leaving, f"{META}/autoscaling/target-lifecycle-state").body == "Terminated"
    assert answer(leaving, f"{META}/spot/instance-action").status == 404


def test_a_scheduled_event_is_listed_and_stays_listed_when_it_is_called_off(
    running: CloudInstance, now: datetime
) -> None:
    planned = schedule_maintenance(running, now, EVENT, EventCode.SYSTEM_REBOOT, 60)
    (event,) = json.loads(answer(planned, f"{META}/events/maintenance/scheduled").body)
    assert event == {
        "Code": "system-reboot",
        "Description": "The instance is scheduled for system-reboot",
        "State": "active",
        "EventId": EVENT,
        "NotBefore": "5 Mar 2026 09:11:11 GMT",
        "NotAfter": "5 Mar 2026 11:11:11 GMT",
        "NotBeforeDeadline": "5 Mar 2026 11:11:11 GMT",
    }
    (event,) = json.loads(answer(call_off(planned), f"{META}/events/maintenance/scheduled").body)
    assert (event["State"], event["Description"][:10]) == ("canceled", "[Canceled]")


def test_an_event_that_is_put_off_is_the_same_entry_with_other_dates(
    running: CloudInstance, now: datetime
) -> None:
    path = f"{META}/events/maintenance/scheduled"
    planned = schedule_maintenance(running, now, EVENT, EventCode.SYSTEM_REBOOT, 60)
    (before,) = json.loads(answer(planned, path).body)
    (after,) = json.loads(answer(put_off_maintenance(planned, now, 3600), path).body)
    dates = {
        "NotBefore": "5 Mar 2026 10:10:11 GMT",
        "NotAfter": "5 Mar 2026 12:10:11 GMT",
        "NotBeforeDeadline": "5 Mar 2026 12:10:11 GMT",
    }
    assert after == {**before, **dates}


def test_folders_list_what_is_in_them(running: CloudInstance, now: datetime) -> None:
    announced = announce_reclaim(running, now, 120)
    assert answer(announced, "/").body == "latest\n"
    assert answer(announced, "/latest/").body == "dynamic\nmeta-data\n"
    assert answer(announced, f"{META}/spot/").body == "instance-action\ntermination-time"
    assert {"spot/", "placement/", "instance-id"} <= set(answer(announced, META).body.split())


def test_the_identity_document_names_the_instance(running: CloudInstance) -> None:
    document = json.loads(answer(running, "/latest/dynamic/instance-identity/document").body)
    assert document["instanceId"] == running.instance_id
    assert document["privateIp"] == "172.30.0.19"


def test_a_token_holds_until_its_time_is_over_and_for_no_other_instance() -> None:
    tokens = Tokens()
    token = tokens.issue(60, now=1000.0)
    assert len(token) == 44
    assert tokens.holds(token, 1059.9)
    assert not tokens.holds(token, 1060.0)
    assert not Tokens().holds(token, 1000.0)


@pytest.mark.parametrize("forged", ["", "x", "AAAA", "é", "A" * 44, "!" * 44])
def test_a_forged_token_does_not_hold(forged: str) -> None:
    assert not Tokens().holds(forged, 0.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1), ("21600", 21600), ("0", None), ("21601", None), ("-1", None), ("1.5", None), (None, None)],
)
def test_a_token_lives_one_second_to_six_hours(header: str | None, seconds: int | None) -> None:
    assert wanted_ttl_seconds(header) == seconds

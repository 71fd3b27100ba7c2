"""What is told to people, once: Events on the Node and the Deployment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from spot.controller.events import event
from spot.controller.news import News, Subject, news
from spot.record import PodRecord, Record
from tests.unit.spot.handoff.objects import NOW

POD = PodRecord("club-chess", "old", "u", "Deployment/blog", way="handoff", state="waiting")
RECORD = Record("int-1", "spot-1", "n", "i-1", "spot-interruption", NOW, sources=("sqs",), pods=(POD,))
FENCED = replace(RECORD, state="fenced", deadline=NOW + timedelta(minutes=2), moves=True)
PLANNED = replace(FENCED, kind="maintenance", moves=False)


def reasons(before: Record | None, after: Record) -> list[str]:
    return [each.reason for each in news(before, after)]


def pod(**more: object) -> Record:
    return replace(FENCED, pods=(replace(POD, **more),))  # type: ignore[arg-type]


def test_each_state_is_told_of_the_node_once() -> None:
    assert reasons(RECORD, FENCED) == ["SpotFenced"]
    assert reasons(FENCED, replace(FENCED, state="moving")) == []
    assert reasons(FENCED, replace(FENCED, state="clear")) == ["SpotClear"]
    assert reasons(FENCED, replace(FENCED, state="cancelled")) == ["SpotCancelled"]
    assert reasons(None, FENCED) == ["SpotFenced"]
    assert reasons(FENCED, FENCED) == []


def test_the_fence_says_why_and_until_when() -> None:
    (told,) = news(None, FENCED)
    assert told.subject == Subject("Node", "", "spot-1")
    assert "spot-interruption from sqs" in told.message and "until 03:02:00 UTC" in told.message


def test_a_node_that_is_only_avoided_is_told_as_that_until_its_pods_leave() -> None:
    (told,) = news(None, PLANNED)
    assert told.reason == "SpotAtRisk"
    assert "maintenance from sqs on 2026-11-25 03:02 UTC" in told.message and "stays" in told.message
    (told,) = news(None, replace(PLANNED, deadline=None))
    assert "no date yet" in told.message
    assert reasons(PLANNED, replace(PLANNED, state="moving", moves=True)) == ["SpotFenced"]


def test_a_maintenance_that_is_put_off_is_told() -> None:
    moving = replace(PLANNED, state="moving", moves=True)
    later = replace(PLANNED, deadline=NOW + timedelta(days=2))
    (told,) = news(moving, later)
    assert told.reason == "SpotPutOff"
    assert told.message == "maintenance put off until 2026-11-27 03:00 UTC: what has not left stays"
    assert reasons(later, later) == reasons(later, PLANNED) == []
    assert reasons(replace(moving, state="clear"), later) == ["SpotPutOff"]
    (told,) = news(moving, replace(PLANNED, deadline=None))
    assert "no date yet" in told.message
    (told,) = news(moving, replace(moving, deadline=NOW + timedelta(minutes=9)))
    assert told.message.endswith("what serves here is moved")


def test_pods_that_went_with_their_node_are_a_warning() -> None:
    (told,) = news(pod(state="lost"), replace(pod(state="lost"), state="gone"))
    assert told.warning and "1 pods" in told.message
    (fine,) = news(pod(state="retired"), replace(pod(state="retired"), state="gone"))
    assert not fine.warning


def test_a_handoff_is_told_of_its_deployment() -> None:
    moved = pod(state="retired", replacement="new", replacement_node="spot-2")
    (told,) = news(FENCED, moved)
    assert told.subject == Subject("Deployment", "club-chess", "blog")
    assert (told.reason, told.message) == ("HandedOff", "old left spot-1 to new on spot-2")
    assert reasons(moved, moved) == []


def test_a_pod_that_is_back_in_its_place_or_lost_is_not_told_to_have_left() -> None:
    assert reasons(FENCED, pod(state="restored")) == []
    assert reasons(FENCED, pod(state="lost")) == []


def test_what_has_no_deployment_is_told_of_the_pod() -> None:
    alone = {"owner": "StatefulSet/store", "way": "evict"}
    (told,) = news(pod(**alone), pod(**alone, state="retired"))
    assert (told.reason, told.subject.kind, told.subject.name) == ("MovedAway", "Pod", "old")


def test_no_place_to_go_and_a_gap_are_warnings() -> None:
    (blocked,) = news(FENCED, pod(blocked_reason="no-room"))
    assert blocked.warning and "no-room" in blocked.message
    (gap,) = news(FENCED, pod(gap_seconds=2.5, gap_reason="quota"))
    assert gap.warning and gap.message == "nothing served for 2.5 s (quota)"
    assert reasons(FENCED, pod(gap_seconds=0.0)) == []


def test_the_same_news_is_the_same_event_whoever_tells_it() -> None:
    one = News(Subject("Deployment", "club-chess", "blog"), "HandedOff", "old left")
    first, again = event(one, NOW, "int-1"), event(one, NOW + timedelta(seconds=9), "int-1")
    assert first["metadata"] == again["metadata"]
    assert event(one, NOW, "int-2")["metadata"] != first["metadata"]
    assert first["metadata"]["namespace"] == first["involvedObject"]["namespace"] == "club-chess"


def test_an_event_of_a_node_is_where_kubectl_looks_for_it() -> None:
    said = event(News(Subject("Node", "", "spot-1"), "SpotFenced", "x" * 5000, warning=True), NOW, "int-1")
    assert said["metadata"]["namespace"] == "default"
    assert said["involvedObject"] == {"apiVersion": "v1", "kind": "Node", "name": "spot-1", "uid": "spot-1"}
    assert said["type"] == "Warning" and len(said["message"]) == 1000

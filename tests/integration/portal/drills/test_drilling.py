"""A drill from its order to its result, whatever happens on the way."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from portal import cluster as the_cluster
from portal.accounts.models import AuditEntry
from portal.accounts.principal import Principal
from portal.drills import ending, queue, running, steps
from portal.drills.actions import cancel_drill, start_drill
from portal.drills.choosing import chosen, met
from portal.drills.models import Drill
from portal.fleet.actions import record
from portal.fleet.report import InterruptionReport
from portal.leases import shutdown
from portal.problems import Problem
from portal.projects.models import Project
from portal.projects.selectors import address

from deployer.fleet import Fleet
from tests.integration.portal.drills.conftest import Ingress, Place
from tests.integration.portal.scene import BY, Killed, run_out, survive
from tests.unit.portal.fleet.reports import report

pytestmark = pytest.mark.usefixtures("drills")


def tell(place: Place, revision: int, **changes: object) -> None:
    """The spot handler's word, with a connection of this thread's own."""
    now = datetime.now(UTC).isoformat()
    told = report(revision, instance_id=place.record.instance_id, noticed_at=now, **changes)
    try:
        record(InterruptionReport.model_validate_json(json.dumps(told)))
    finally:
        connection.close()


def gone(place: Place, revision: int = 9) -> None:
    tell(place, revision, state="gone", gone_at=datetime.now(UTC).isoformat())


def begun(fleet: Fleet) -> Drill:
    node = fleet.node("spot-1")
    assert node is not None
    return start_drill(by=BY, node=node)


def host(project: Project) -> str:
    return address(project).removeprefix("http://").partition(":")[0]


def test_a_drill_tells_what_the_visitors_of_a_project_met(
    fleet: Fleet, place: Place, ingress: Ingress, project: Project
) -> None:
    visited = host(project)

    def taken() -> None:
        ingress.wait_asked(visited)
        ingress.down.add(visited)
        ingress.wait_asked(visited)
        ingress.down.clear()
        ingress.wait_asked(visited)
        gone(place)

    place.taken = taken
    drill = begun(fleet)
    running.run(drill.pk)
    drill.refresh_from_db()
    (row,) = drill.projects.all()
    assert (drill.state, drill.interruption) == ("finished", "int-0123456789ab")
    assert place.record.notice is not None
    assert drill.deadline == place.record.notice.deadline
    assert row.sole
    assert row.answered_before
    assert 0 < row.failures < row.requests == drill.requests
    assert row.reasons == {"http-503": row.failures}
    assert sum(requests for _, requests, _ in row.seconds) == row.requests
    assert 0 < row.longest_gap_seconds == drill.longest_gap_seconds
    assert drill.score == pytest.approx(100 * (1 - row.failures / row.requests))
    assert AuditEntry.objects.filter(action="start_drill").count() == 1
    assert queue.startable() == []


def test_what_did_not_answer_before_counts_for_nothing(
    fleet: Fleet, place: Place, ingress: Ingress, project: Project
) -> None:
    ingress.down.add(host(project))
    place.taken = lambda: gone(place)
    drill = begun(fleet)
    running.run(drill.pk)
    drill.refresh_from_db()
    assert drill.projects.get().answered_before is False
    assert (drill.state, drill.requests, drill.score) == ("finished", 0, None)


def test_a_worker_that_dies_while_it_watches_leaves_seconds_that_nobody_saw(
    fleet: Fleet, place: Place, ingress: Ingress, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    visited, asked = host(project), 0

    def over(drill: Drill, now: datetime) -> ending.Over | None:
        looks.append(1)
        if len(looks) == 3:
            raise Killed
        return ending.Over("", None) if len(looks) > 6 and ingress.asked[visited] > asked else None

    monkeypatch.setattr(ending, "over", over)
    drill = begun(fleet)
    assert not survive(running.run, drill.pk)
    before = Drill.objects.get(pk=drill.pk)
    assert before.state == "watching"
    seen, asked = before.projects.get().requests, ingress.asked[visited]
    run_out(Drill)
    time.sleep(0.2)
    running.run(drill.pk)
    drill.refresh_from_db()
    assert drill.state == "finished"
    assert drill.unwatched_seconds > 0.1
    assert drill.projects.get().requests > seen
    assert place.orders == 1


def test_a_worker_that_dies_after_its_order_was_taken_gives_the_same_order_again(
    fleet: Fleet, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as once:
        once.setattr(steps, "watch", die)
        drill = begun(fleet)
        assert not survive(running.run, drill.pk)
    assert Drill.objects.get(pk=drill.pk).state == "ordering"
    run_out(Drill)
    assert place.record.notice is not None
    deadline = place.record.notice.deadline
    place.taken = lambda: gone(place)
    running.run(drill.pk)
    drill.refresh_from_db()
    assert (drill.state, place.orders, drill.deadline) == ("finished", 2, deadline)


def test_a_worker_that_is_told_to_stop_hands_the_drill_on(fleet: Fleet, place: Place) -> None:
    place.taken = shutdown.stopping.set
    drill = begun(fleet)
    try:
        running.run(drill.pk)
    finally:
        shutdown.stopping.clear()
    assert Drill.objects.get(pk=drill.pk).state == "watching"
    assert queue.startable() == [drill.pk]
    gone(place)
    running.run(drill.pk)
    drill.refresh_from_db()
    assert (drill.state, drill.takeovers) == ("finished", 0)


def test_another_instance_in_the_nodes_place_is_left_alone(
    fleet: Fleet, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill = begun(fleet)
    Drill.objects.update(instance_id="i-another")
    running.run(drill.pk)
    drill.refresh_from_db()
    assert drill.state == "failed"
    assert drill.explanation is not None
    assert (drill.explanation["reason"], place.orders) == ("node-changed", 0)
    monkeypatch.setattr(the_cluster, "read_fleet", Fleet)
    other = begun(fleet)
    running.run(other.pk)
    other.refresh_from_db()
    assert other.state == "failed"


def test_a_cloud_that_does_not_answer_is_asked_again_and_then_given_up(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = settings.MADANG.model_copy(update={"drill_url": "http://127.0.0.1:1"})
    monkeypatch.setattr(settings, "MADANG", silent)
    drill = begun(fleet)
    for _ in range(silent.attempts):
        running.run(drill.pk)
        run_out(Drill)
    drill.refresh_from_db()
    assert drill.state == "failed"
    assert drill.explanation is not None
    assert drill.explanation["reason"] == "cloud-silent"


def test_a_cloud_that_refuses_ends_it_at_once(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    from pydantic import SecretStr

    wrong = settings.MADANG.model_copy(update={"drill_token": SecretStr("wrong")})
    monkeypatch.setattr(settings, "MADANG", wrong)
    drill = begun(fleet)
    running.run(drill.pk)
    drill.refresh_from_db()
    assert drill.state == "failed"
    assert "HTTP 401" in str(drill.explanation)


def test_it_ends_when_the_notice_is_called_off_or_nobody_tells(fleet: Fleet, place: Place) -> None:
    drill = begun(fleet)
    now = datetime.now(UTC)
    assert ending.over(drill, now) is None
    drill.ordered_at = now - timedelta(hours=1)
    assert ending.over(drill, now) == ending.Over("", ending.NOT_TOLD)
    tell(place, 1, state="cancelled")
    assert ending.over(drill, now) == ending.Over("int-0123456789ab", ending.CALLED_OFF)


def test_one_drill_at_a_time_by_operators_and_only_where_drills_are_on(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill = begun(fleet)
    with pytest.raises(Problem, match="under way"):
        begun(fleet)
    node = fleet.nodes[0]
    with pytest.raises(Problem):
        start_drill(by=Principal("person:kim", "chess", None, frozenset({"manage"})), node=node)
    cancel_drill(by=BY, drill=drill)
    running.run(drill.pk)
    drill.refresh_from_db()
    assert drill.state == "cancelled"
    with pytest.raises(Problem):
        cancel_drill(by=BY, drill=drill)
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update={"drills": "off"}))
    with pytest.raises(Problem, match="off"):
        begun(fleet)


def test_the_worst_node_is_chosen_and_its_projects_are_named(fleet: Fleet, project: Project) -> None:
    node = chosen(fleet, "worst")
    assert node is not None
    assert node.name == "spot-1"
    assert chosen(fleet, "spot-9") is None
    (only,) = met(fleet, "spot-1")
    assert (only.club, only.project, only.sole) == (project.club.slug, project.slug, True)
    Project.objects.update(deleted_at=datetime.now(UTC))
    assert met(fleet, "spot-1") == []


def test_a_node_that_has_a_project_only_on_trial_meets_none_of_it(fleet: Fleet, project: Project) -> None:
    live, trial = (replace(fleet.pods[0], release=number) for number in ("1", "2"))
    assert [
        each.sole for each in met(replace(fleet, pods=(live, replace(trial, node="spot-2"))), "spot-1")
    ] == [True]
    assert met(replace(fleet, pods=(trial,)), "spot-1") == []

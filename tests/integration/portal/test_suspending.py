"""A suspended club stands still, says why, and comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import override
from portal.accounts.models import AuditEntry, User
from portal.accounts.principal import person
from portal.builds import running as building
from portal.builds.models import Build
from portal.builds.rebuilding import rebuild
from portal.clubs.models import Club, Membership, Suspension
from portal.clubs.suspending import resume_club, suspend_club
from portal.leases.keeper import new_owner
from portal.mail.models import OutgoingMail
from portal.notifications.actions import add_channel
from portal.notifications.collecting import collect
from portal.notifications.models import Delivery
from portal.probing import rounds
from portal.probing.models import Probe, Transition
from portal.probing.selectors import standstill
from portal.problems import Problem
from portal.projects.actions import create_project, delete_project, set_config
from portal.projects.facts import standing_of
from portal.projects.following import version_of
from portal.projects.models import Project
from portal.releases import halt_running, halting, halts
from portal.releases.actions import rollback
from portal.releases.models import Halt, Release, Rollout
from portal.releases.overview import Wanted, overview
from portal.releases.redeploying import restart
from portal.sweeping import sweep

from deployer.build import BuildOrder, BuildOutcome
from deployer.errors import PermanentError, TemporaryError
from deployer.rollout import RolloutOrder, RolloutOutcome
from tests.integration.portal.entrance import running_entrance
from tests.integration.portal.scene import (
    BY,
    WHY,
    Killed,
    ScriptedCluster,
    key_for,
    lines_of,
    live_number,
    push,
    run_out,
    some_project,
    survive,
    trouble,
    work,
)
from tests.integration.portal.test_claims import at_once
from tests.integration.portal.test_portal_api import Api

SPAM = "They sent spam."


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    """Live with three copies and a variable."""
    made = some_project()
    Project.objects.filter(pk=made.pk).update(replicas=3)
    set_config(by=BY, project=made, set={"GREETING": "hello"})
    push(made)
    work()
    return made


def suspend(project: Project) -> Suspension:
    return suspend_club(by=BY, club=project.club, why=SPAM)


def in_cluster(cluster: ScriptedCluster, project: Project) -> RolloutOrder | None:
    return cluster.applied.get((project.club.slug, project.slug))


def without_fence(order: RolloutOrder | None) -> dict[str, Any]:
    assert order is not None
    return {name: value for name, value in vars(order).items() if name != "fence"}


def reason_of(call: Callable[[], object]) -> str:
    with pytest.raises(Problem) as refused:
        call()
    return refused.value.explanation.reason


def test_the_copies_go_to_zero_and_come_back_exactly_as_they_were(
    cluster: ScriptedCluster, project: Project
) -> None:
    before = in_cluster(cluster, project)
    releases = list(Release.objects.values_list("pk", "state", "number"))
    suspend(project)
    work()
    halted = in_cluster(cluster, project)
    assert halted is not None and halted.replicas == 0
    assert without_fence(halted) == without_fence(before) | {"replicas": 0}
    resume_club(by=BY, club=project.club)
    work()
    assert without_fence(in_cluster(cluster, project)) == without_fence(before)
    assert list(Release.objects.values_list("pk", "state", "number")) == releases
    assert not Halt.objects.exists()
    assert standing_of(project).state == "live"


def test_what_was_set_since_the_live_release_does_not_come_with_the_way_back(
    cluster: ScriptedCluster, project: Project
) -> None:
    """A change whose rollout failed is kept with the project, and what serves is without it."""
    before = in_cluster(cluster, project)
    cluster.rollout_outcomes = [RolloutOutcome("failed", WHY)]
    set_config(by=BY, project=project, set={"GREETING": "broken"})
    work()
    suspend(project)
    work()
    resume_club(by=BY, club=project.club)
    work()
    assert without_fence(in_cluster(cluster, project)) == without_fence(before)


def test_every_project_of_the_club_and_none_of_another_stands_still(
    cluster: ScriptedCluster, project: Project
) -> None:
    second = create_project(by=BY, club=project.club, slug="second")
    other = some_project()
    for each in (second, other):
        push(each)
    work()
    suspend(project)
    work()
    copies = {key: order.replicas for key, order in cluster.applied.items()}
    assert copies == {
        (project.club.slug, "site"): 0,
        (project.club.slug, "second"): 0,
        (other.club.slug, "site"): 1,
    }
    push(other)
    work()
    assert live_number(other) == 2


def test_nothing_is_deployed_meanwhile_and_the_reason_is_three_lines(
    cluster: ScriptedCluster, project: Project
) -> None:
    build = Build.objects.get(project=project)
    suspension = suspend(project)
    with pytest.raises(Problem) as refused:
        push(project)
    lines = refused.value.explanation.lines()
    assert len(lines) == 3
    assert f"{suspension.begun_at:%Y-%m-%d %H:%M}" in lines[1] and SPAM in lines[1]
    assert refused.value.explanation.reason == "club-suspended"
    for deed in (
        lambda: set_config(by=BY, project=project, set={"A": "b"}),
        lambda: restart(by=BY, project=project),
        lambda: rollback(by=BY, project=project, number=1),
    ):
        assert reason_of(deed) == "club-suspended"
    assert Build.objects.get(project=project) == build
    resume_club(by=BY, club=project.club)
    push(project)
    work()
    assert live_number(project) == 2


def test_builds_that_wait_are_cancelled_with_the_reason(cluster: ScriptedCluster, project: Project) -> None:
    build = push(project)
    suspend(project)
    sweep()
    build.refresh_from_db()
    build.stream.refresh_from_db()
    assert (build.state, build.explanation["reason"]) == ("cancelled", "club-suspended")
    assert build.stream.state == "cancelled"
    assert any(SPAM in line for line in lines_of(build.stream_id))
    assert reason_of(lambda: rebuild(by=BY, project=project, build_id=build.pk)) == "club-suspended"
    resume_club(by=BY, club=project.club)
    work()
    assert live_number(project) == 1
    rebuild(by=BY, project=project, build_id=build.pk)
    work()
    assert live_number(project) == 2


def test_a_build_that_runs_is_ended_with_the_reason(
    cluster: ScriptedCluster, project: Project, short_leases: None
) -> None:
    def meanwhile(order: BuildOrder, stop: Callable[[], bool]) -> BuildOutcome | None:
        suspend(project)
        halting.halt()
        while not stop():
            pass
        return BuildOutcome("stopped")

    cluster.during_build = meanwhile
    build = push(project)
    building.run(build.pk)
    build.refresh_from_db()
    assert (build.state, build.explanation["reason"]) == ("cancelled", "club-suspended")
    work()
    assert not cluster.jobs
    found = in_cluster(cluster, project)
    assert found is not None and (found.release, found.replicas) == (1, 0)


def test_a_build_that_ends_at_that_very_moment_makes_no_release(
    cluster: ScriptedCluster, project: Project
) -> None:
    cluster.during_build = lambda order, stop: suspend(project) and None
    build = push(project)
    work()
    build.refresh_from_db()
    assert (build.state, build.explanation["reason"]) == ("cancelled", "club-suspended")
    assert Release.objects.filter(project=project).count() == 1


@pytest.mark.parametrize("first", [True, False], ids=["the first release", "a later one"])
def test_a_rollout_at_work_gives_way_and_nothing_of_it_runs(
    cluster: ScriptedCluster, short_leases: None, first: bool
) -> None:
    project = some_project()
    if not first:
        push(project)
        work()

    def meanwhile(order: RolloutOrder, stop: Callable[[], bool]) -> RolloutOutcome | None:
        cluster.during_rollout = None
        suspend(project)
        halting.halt()
        while not stop():
            pass
        return RolloutOutcome("stopped")

    cluster.during_rollout = meanwhile
    build = push(project)
    work()
    build.stream.refresh_from_db()
    assert build.stream.state == "cancelled"
    assert any(SPAM in line for line in lines_of(build.stream_id))
    found = in_cluster(cluster, project)
    if first:
        assert found is None
    else:
        assert found is not None and (found.release, found.replicas) == (1, 0)
    resume_club(by=BY, club=project.club)
    work()
    assert (live_number(project), Halt.objects.count()) == (None if first else 1, 0)


def test_a_rollout_that_stopped_for_a_suspension_that_is_over_says_so(
    cluster: ScriptedCluster, project: Project, short_leases: None
) -> None:
    def meanwhile(order: RolloutOrder, stop: Callable[[], bool]) -> RolloutOutcome | None:
        cluster.during_rollout = None
        suspend(project)
        halting.halt()
        resume_club(by=BY, club=project.club)
        while not stop():
            pass
        return RolloutOutcome("stopped")

    cluster.during_rollout = meanwhile
    build = push(project)
    work()
    assert any(SPAM in line for line in lines_of(build.stream_id))
    found = in_cluster(cluster, project)
    assert found is not None and (found.release, found.replicas) == (1, 3)
    assert standing_of(project).state == "live"


def test_a_rollout_that_waits_never_starts(cluster: ScriptedCluster, project: Project) -> None:
    rollout = restart(by=BY, project=project)
    suspend(project)
    work()
    rollout.refresh_from_db()
    assert (rollout.state, rollout.explanation["reason"]) == ("superseded", "club-suspended")
    assert Release.objects.get(pk=rollout.release_id).reason == "club-suspended"
    assert live_number(project) == 1


@pytest.mark.parametrize(
    "call", ["rollouts.halt", "rollouts.ensure_club", "rollouts.apply", "rollouts.follow"]
)
@pytest.mark.parametrize("before", [True, False])
def test_a_worker_that_dies_anywhere_is_gone_on_from(
    cluster: ScriptedCluster, project: Project, call: str, before: bool
) -> None:
    was = in_cluster(cluster, project)
    cluster.kill_before = before
    if call == "rollouts.halt":
        cluster.kill_at = call
    suspend(project)
    work()
    assert without_fence(in_cluster(cluster, project))["replicas"] == 0
    if call != "rollouts.halt":
        cluster.kill_at = call
    resume_club(by=BY, club=project.club)
    work()
    assert cluster.kill_at == ""
    assert without_fence(in_cluster(cluster, project)) == without_fence(was)
    assert not Halt.objects.exists()


@pytest.mark.parametrize("step", ["claim", "stopped", "over"])
def test_a_worker_that_dies_at_the_database_is_gone_on_from(
    cluster: ScriptedCluster, project: Project, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real, died = getattr(halts, step), []

    def once(*given: Any) -> Any:
        done = real(*given)
        if not died:
            died.append(step)
            raise Killed(step)
        return done

    monkeypatch.setattr(halts, step, once)
    suspend(project)
    work()
    assert without_fence(in_cluster(cluster, project))["replicas"] == 0
    resume_club(by=BY, club=project.club)
    work()
    assert died and without_fence(in_cluster(cluster, project))["replicas"] == 3
    assert not Halt.objects.exists()


def test_trouble_with_the_cluster_is_tried_again_on_both_ways(
    cluster: ScriptedCluster, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = [trouble(TemporaryError), trouble(PermanentError)]
    real = cluster.call

    def call(name: str, effect: Callable[[], Any]) -> Any:
        if name == "rollouts.halt" and troubles:
            raise troubles.pop()
        return real(name, effect)

    monkeypatch.setattr(cluster, "call", call)
    suspend(project)
    work()
    assert not troubles and without_fence(in_cluster(cluster, project))["replicas"] == 0
    cluster.rollout_outcomes = [RolloutOutcome("lost", WHY), trouble(TemporaryError)]
    resume_club(by=BY, club=project.club)
    work()
    assert standing_of(project).state == "live"


def test_suspended_again_on_the_way_back_it_stops_at_once(
    cluster: ScriptedCluster, project: Project, short_leases: None
) -> None:
    suspend(project)
    work()
    resume_club(by=BY, club=project.club)

    def meanwhile(order: RolloutOrder, stop: Callable[[], bool]) -> RolloutOutcome | None:
        cluster.during_rollout = None
        assert standing_of(project).reason == "resuming"
        assert standing_of(project).evidence == "1 of 1 ready"
        with override("ko"):
            assert standing_of(project).evidence == "1개 중 1개 준비됨"
        suspend(project)
        while not stop():
            pass
        return RolloutOutcome("stopped")

    cluster.during_rollout = meanwhile
    work()
    assert without_fence(in_cluster(cluster, project))["replicas"] == 0
    assert standing_of(project).state == "suspended"


@pytest.mark.parametrize("died_at", ["", "rollouts.lead"])
def test_a_project_that_does_not_come_back_is_the_probers_to_tell_and_visitors_come_once_it_does(
    cluster: ScriptedCluster, project: Project, died_at: str
) -> None:
    suspend(project)
    work()
    cluster.rollout_outcomes = [RolloutOutcome("failed", WHY)] * 2
    resume_club(by=BY, club=project.club)
    cluster.kill_at = died_at
    work()
    assert cluster.led == [(project.club.slug, project.slug)]
    assert not Halt.objects.exists()
    assert live_number(project) == 1


def test_a_push_right_after_the_end_waits_until_the_old_release_is_back(
    cluster: ScriptedCluster, project: Project
) -> None:
    suspend(project)
    work()
    resume_club(by=BY, club=project.club)
    push(project)
    work()
    assert live_number(project) == 2
    found = in_cluster(cluster, project)
    assert found is not None and (found.release, found.replicas) == (2, 3)


def test_a_project_that_is_deleted_meanwhile_leaves_nothing(
    cluster: ScriptedCluster, project: Project
) -> None:
    suspend(project)
    halting.halt()
    (halt_id,) = halts.startable()
    cluster.kill_at, cluster.kill_before = "rollouts.halt", True
    assert not survive(halt_running.run, halt_id)
    delete_project(by=BY, project=project)
    assert not Halt.objects.exists()
    run_out(Halt)
    halt_running.run(halt_id)
    work()


def test_two_workers_at_one_halt_are_one(cluster: ScriptedCluster, project: Project) -> None:
    suspend(project)
    halting.halt()
    (halt_id,) = halts.startable()
    claims = at_once(*[lambda: halts.claim(halt_id, new_owner())] * 4)
    assert len([claim for claim in claims if isinstance(claim, halts.Claim)]) == 1
    assert len([claim for claim in claims if claim is None]) == 3


def test_two_operators_at_once_suspend_once(cluster: ScriptedCluster, project: Project) -> None:
    done = at_once(*[lambda: suspend(project)] * 3)
    refused = [each.explanation.reason for each in done if isinstance(each, Problem)]
    assert refused == ["already-suspended", "already-suspended"]
    assert Suspension.objects.count() == 1


def test_keys_are_good_for_reading_alone(cluster: ScriptedCluster, project: Project) -> None:
    api = Api(key_for(project, "manage"))
    club = f"/clubs/{project.club.slug}"
    suspend(project)
    status, shown = api.get(f"{club}/projects/{project.slug}")
    assert (status, shown["state"], shown["reason"]) == (200, "suspended", "club-suspended")
    assert shown["since"] and shown["what"]
    assert api.get("/whoami")[0] == 200
    assert api.get(f"{club}/projects/{project.slug}/releases")[0] == 200
    for method, path, body in (
        ("POST", f"{club}/projects", {"name": "more"}),
        ("DELETE", f"{club}/projects/{project.slug}", None),
        ("POST", f"{club}/projects/{project.slug}/rollback", {"version": None}),
        ("PATCH", f"{club}/projects/{project.slug}/config", {"set": {"A": "b"}, "unset": []}),
        ("POST", f"{club}/keys", {"name": "k", "scopes": ["read"], "project": None, "expires_in_days": None}),
    ):
        status, refused = api.call(method, path, body)
        assert (status, refused["error"]["reason"]) == (403, "club-suspended"), path
        assert SPAM in refused["error"]["evidence"]
    resume_club(by=BY, club=project.club)
    assert api.call("POST", f"{club}/projects", {"name": "more"})[0] == 201


def test_the_prober_asks_nothing_of_it_and_calls_nothing_a_failure(
    cluster: ScriptedCluster, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "_AGAIN_SECONDS", 0.01)
    with running_entrance() as entrance:
        given = settings.MADANG.model_copy(update={"ingress_probe_url": entrance.url})
        monkeypatch.setattr(settings, "MADANG", given)
        rounds._enroll()
        Probe.objects.update(next_at=Now() - timedelta(seconds=1))
        suspend(project)
        assert rounds.probe() == rounds.Round(0, 0)
        work()
        assert rounds.probe() == rounds.Round(0, 0)
        Suspension.objects.update(ended_at=Now())
        assert rounds.probe() == rounds.Round(0, 0), "it is not back yet"
        Suspension.objects.update(ended_at=None)
        monkeypatch.setattr(rounds, "_take", lambda: list(Release.objects.select_related("project__club")))
        rounds.probe()
    assert not Transition.objects.exists()
    assert standing_of(project).state == "suspended"


def test_what_stands_still_is_not_missed_and_what_it_answered_before_is_no_news(
    cluster: ScriptedCluster, project: Project
) -> None:
    Release.objects.update(went_live_at=Now() - timedelta(hours=1))
    assert standstill() is not None
    asked_at = Now() - timedelta(seconds=20)
    Probe.objects.create(
        project=project, ok=False, asked_at=asked_at, since=asked_at, next_at=Now(), reason="refused"
    )
    assert (standing_of(project).state, overview(project.club, Wanted()).counts["down"]) == ("down", 1)
    Probe.objects.update(asked_at=Now() - timedelta(minutes=5))
    assert (standing_of(project).state, overview(project.club, Wanted()).counts["unchecked"]) == (
        "unchecked",
        1,
    )
    suspend(project)
    work()
    assert standstill() is None
    resume_club(by=BY, club=project.club)
    assert (standing_of(project).reason, standstill()) == ("resuming", None)
    work()
    assert (standing_of(project).state, overview(project.club, Wanted()).counts["live"]) == ("live", 1)
    assert standstill() is None
    Suspension.objects.update(ended_at=Now() - timedelta(minutes=4))
    assert standing_of(project).state == "unchecked"
    assert standstill() == Suspension.objects.get().ended_at


def test_states_pages_and_lists_say_suspended_with_the_reason_and_since_when(
    cluster: ScriptedCluster, project: Project
) -> None:
    seen = version_of(project.pk)
    suspension = suspend(project)
    assert version_of(project.pk) != seen
    said = standing_of(project)
    assert (said.state, said.evidence, said.since) == ("suspended", SPAM, suspension.begun_at)
    assert "is being stopped" in said.sentence
    seen = version_of(project.pk)
    work()
    assert version_of(project.pk) != seen
    assert "stands still" in standing_of(project).sentence
    found = overview(project.club, Wanted())
    assert found.counts["suspended"] == 1
    assert [card.standing.state for card in overview(project.club, Wanted(state="suspended")).cards] == [
        "suspended"
    ]
    resume_club(by=BY, club=project.club)
    assert standing_of(project).reason == "resuming"
    assert overview(project.club, Wanted()).counts["deploying"] == 1


def member(club: Club, name: str, role: str) -> User:
    user = User.objects.create(username=name, email=f"{name}@school.example", language="en")
    Membership.objects.create(club=club, user=user, role=role)
    return user


def test_its_owners_are_written_and_its_channels_told(cluster: ScriptedCluster, project: Project) -> None:
    member(project.club, "mina", "owner")
    member(project.club, "jun", "member")
    add_channel(
        by=BY,
        owner=project.club,
        kind="discord",
        name="ours",
        target="https://discord.com/api/webhooks/1/x",
        events=["suspension"],
        language="en",
    )
    suspend(project)
    resume_club(by=BY, club=project.club)
    mails = OutgoingMail.objects.order_by("id")
    assert [mail.recipient for mail in mails] == ["mina@school.example"] * 2
    assert ["suspended" in mail.subject for mail in mails] == [True, False]
    collect()
    collect()
    assert sorted(Delivery.objects.values_list("event__data__over", flat=True)) == [False, True]


def test_only_an_operator_does_it_with_a_reason_and_it_is_in_the_audit_log(
    cluster: ScriptedCluster, project: Project
) -> None:
    owner = person("mina", club=project.club.slug, role="owner")
    assert reason_of(lambda: suspend_club(by=owner, club=project.club, why=SPAM)) == "scope-missing"
    assert reason_of(lambda: suspend_club(by=BY, club=project.club, why="  ")) == "why-missing"
    assert reason_of(lambda: suspend_club(by=BY, club=project.club, why="x" * 501)) == "why-missing"
    assert reason_of(lambda: resume_club(by=BY, club=project.club)) == "not-suspended"
    suspend(project)
    assert reason_of(lambda: resume_club(by=owner, club=project.club)) == "scope-missing"
    resume_club(by=BY, club=project.club)
    entries = AuditEntry.objects.filter(action__in=["suspend_club", "resume_club"]).order_by("id")
    assert [(entry.action, entry.club, entry.actor) for entry in entries] == [
        ("suspend_club", project.club.slug, BY.name),
        ("resume_club", project.club.slug, BY.name),
    ]
    assert entries[0].detail["why"] == SPAM
    assert not Rollout.objects.exclude(state="succeeded").exists()

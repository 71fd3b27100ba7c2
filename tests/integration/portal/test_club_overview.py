"""A club's projects as cards, who did what, and the audit log in pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from portal.accounts import audit, trail
from portal.accounts.actions import create_key
from portal.accounts.actors import actors
from portal.accounts.models import AuditEntry, User
from portal.accounts.principal import person
from portal.clubs.actions import create_club
from portal.clubs.models import Club
from portal.probing.models import Probe
from portal.projects.actions import create_project, delete_project
from portal.projects.models import Project
from portal.releases.models import Release
from portal.releases.overview import Card, Overview, Wanted, overview
from portal.releases.room import uses_of

from deployer.build import BuildOutcome
from tests.integration.portal.scene import BY, WHY, ScriptedCluster, push, work

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


def cards(club: Club, **wanted: object) -> dict[str, Card]:
    return {card.name: card for card in overview(club, Wanted(**wanted)).cards}  # type: ignore[arg-type]


def test_each_state_has_its_reason_and_its_time(cluster: ScriptedCluster, club: Club) -> None:
    empty, broken, live, mended, busy = (
        create_project(by=BY, club=club, slug=slug) for slug in ("empty", "broken", "live", "mended", "busy")
    )
    for project in (live, mended):
        push(project)
    work()
    cluster.build_outcomes = [
        BuildOutcome("failed", explanation=WHY),
        BuildOutcome("failed", explanation=WHY),
    ]
    push(broken)
    push(mended)
    work()
    push(busy)
    found = cards(club)
    assert {name: card.standing.state for name, card in found.items()} == {
        "empty": "empty",
        "broken": "failed",
        "live": "live",
        "mended": "live",
        "busy": "deploying",
    }
    assert found["empty"].standing.since == empty.created_at
    assert found["broken"].standing.reason == WHY.reason
    assert (found["live"].release, found["live"].standing.since) == (1, found["live"].deployed_at)
    assert found["mended"].standing.reason == f"live-after-{WHY.reason}"
    assert [deploy.state for deploy in found["mended"].deploys] == ["succeeded", "failed"]
    assert found["busy"].deploys[0].seconds is None
    assert uses_of(club)["busy"].live.pods == 0
    assert uses_of(club)["busy"].most.pods == 1


def test_a_live_project_whose_address_fails_is_down_and_first(cluster: ScriptedCluster, club: Club) -> None:
    for slug in ("answers", "broken"):
        push(create_project(by=BY, club=club, slug=slug))
    work()
    now = timezone.now()
    failing = Project.objects.get(slug="broken")
    Probe.objects.update_or_create(
        project=failing,
        defaults={"ok": False, "asked_at": now, "since": now, "next_at": now, "reason": "refused"},
    )
    counts = overview(club, Wanted()).counts
    assert {state: count for state, count in counts.items() if count} == {"down": 1, "live": 1}
    assert list(cards(club, sort="attention")) == ["broken", "answers"]
    (found,) = cards(club, state="down").values()
    assert found.standing.state == "down"


def test_what_nobody_has_looked_at_lately_is_neither_live_nor_down(
    cluster: ScriptedCluster, club: Club
) -> None:
    for slug in ("answered", "failed", "asked", "fresh"):
        push(create_project(by=BY, club=club, slug=slug))
    work()
    now = timezone.now()
    Release.objects.exclude(project__slug="fresh").update(went_live_at=now - timedelta(hours=2))
    for slug, ok, ago in (("answered", True, 10), ("failed", False, 10), ("asked", True, 1)):
        asked_at = now - timedelta(minutes=ago)
        Probe.objects.create(
            project=Project.objects.get(slug=slug), ok=ok, asked_at=asked_at, since=asked_at, next_at=now
        )
    found = {name: card.standing.state for name, card in cards(club).items()}
    assert found == {"answered": "unchecked", "failed": "unchecked", "asked": "live", "fresh": "live"}
    counts = overview(club, Wanted()).counts
    assert {state: count for state, count in counts.items() if count} == {"unchecked": 2, "live": 2}
    assert list(cards(club, sort="attention"))[:2] == ["answered", "failed"]
    assert list(cards(club, state="unchecked")) == ["answered", "failed"]


def test_projects_are_searched_filtered_sorted_and_paged(cluster: ScriptedCluster, club: Club) -> None:
    projects = [create_project(by=BY, club=club, slug=f"site-{number}") for number in range(5)]
    push(projects[3])
    push(projects[1])
    work()
    delete_project(by=BY, project=projects[4])
    create_project(by=BY, club=create_club(by=BY, slug="chess", name="Chess"), slug="board")
    whole = overview(club, Wanted())
    assert (whole.total, whole.matching, whole.counts["live"]) == (4, 4, 2)
    assert list(cards(club, sort="recent")) == ["site-1", "site-3", "site-0", "site-2"]
    assert list(cards(club, sort="attention")) == ["site-1", "site-3", "site-0", "site-2"]
    assert list(cards(club, state="empty")) == ["site-0", "site-2"]
    assert list(cards(club, search="TE-3")) == ["site-3"]
    found = overview(club, Wanted(search="site", state="live", first=1, most=1))
    assert ([card.name for card in found.cards], found.matching, found.total) == (["site-3"], 2, 4)
    assert overview(club, Wanted(search="100%_")).cards == ()


def queries(club: Club) -> tuple[int, Overview]:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        found = overview(club, Wanted())
    return len(seen), found


def test_more_projects_are_not_more_queries(cluster: ScriptedCluster, club: Club) -> None:
    first = create_project(by=BY, club=club, slug="first")
    push(first)
    work()
    push(first)
    few, _ = queries(club)
    for number in range(12):
        project = create_project(by=BY, club=club, slug=f"p{number}")
        push(project)
        work()
        push(project)
    many, found = queries(club)
    assert len(found.cards) == 13
    assert few == many


def test_a_card_shows_the_last_twelve_deploys(cluster: ScriptedCluster, club: Club) -> None:
    project = create_project(by=BY, club=club, slug="site")
    for _ in range(14):
        push(project)
        work()
    (card,) = overview(club, Wanted()).cards
    assert len(card.deploys) == 12
    assert card.deploys == tuple(sorted(card.deploys, key=lambda deploy: deploy.began))
    assert card.release == 14


def test_actors_have_the_names_that_people_know(club: Club) -> None:
    User.objects.create(username="mina", first_name="민아", last_name="")
    User.objects.create(username="root")
    key, _ = create_key(by=BY, club=club, name="Jun's laptop", scopes=["deploy"])
    found = actors(
        ["person:mina", "operator:root", f"key:{key.id}", "platform", "person:gone", "person:mina"]
    )
    assert {name: (actor.kind, actor.name, actor.initials) for name, actor in found.items()} == {
        "person:mina": ("person", "민아", "민아"),
        "operator:root": ("operator", "root", "RO"),
        f"key:{key.id}": ("key", "Jun's laptop", "JL"),
        "platform": ("platform", "", "?"),
        "person:gone": ("person", "gone", "GO"),
    }


def test_pages_of_the_audit_log_stay_put_while_entries_come_in(club: Club) -> None:
    by = person("mina", club="robots", role="owner")
    for number in range(7):
        audit.record(by, "push", club="robots", project="site", build=number)
    sought = trail.Sought(club="robots", actor="person:mina")
    first = trail.page(sought, limit=3)
    audit.record(by, "push", club="robots", project="site", build=7)
    second = trail.page(sought, before=first.before, limit=3)
    third = trail.page(sought, before=second.before, limit=3)
    seen = [entry.detail["build"] for page in (first, second, third) for entry in page.entries]
    assert seen == [6, 5, 4, 3, 2, 1, 0]
    assert third.before is None
    assert len(trail.page(sought, limit=50).entries) == 8


def test_the_audit_log_is_filtered_by_all_that_is_known_of_an_entry(club: Club) -> None:
    by = person("mina", club="robots", role="owner")
    audit.record(by, "push", club="robots", project="site")
    audit.record(by, "rollback", club="robots", project="menu")
    audit.record(BY, "push", club="chess", project="board")
    AuditEntry.objects.filter(action="rollback").update(at=timezone.now() - timedelta(days=3))
    cut = timezone.now() - timedelta(days=1)

    def found(**sought: object) -> list[str]:
        return [entry.action for entry in trail.page(trail.Sought(club="robots", **sought)).entries]  # type: ignore[arg-type]

    assert found() == ["rollback", "push", "create_club"]
    assert found(actor="person:mina", action="push") == ["push"]
    assert found(project="menu") == ["rollback"]
    assert found(until=cut) == ["rollback"]
    assert found(since=cut) == ["push", "create_club"]
    assert trail.known("robots", "actor", cut) == ["operator:test", "person:mina"]
    assert trail.known("robots", "project", cut) == ["site"]

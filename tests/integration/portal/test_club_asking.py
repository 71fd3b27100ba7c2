"""Clubs ask for a larger budget, are renamed, and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from portal.accounts.models import AccessKey, AuditEntry
from portal.accounts.principal import person
from portal.clubs import closing
from portal.clubs.actions import create_club, rename_club
from portal.clubs.asking import (
    approve_budget_request,
    ask_for_budget,
    decline_budget_request,
    withdraw_budget_request,
)
from portal.clubs.budget import Share
from portal.clubs.models import BudgetRequest, Club, ClubRemoval
from portal.clubs.selectors import budget_requests_of, budget_requests_waiting
from portal.problems import Problem
from portal.projects.actions import create_project, delete_project
from portal.projects.removal import remove
from portal.sweeping import sweep

from tests.integration.portal.scene import BY, ScriptedCluster, key_for
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")

GIB = 1 << 30
MORE = Share(8 * GIB, 6000, 30)


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


def owner(club: Club) -> Any:
    return person("mina", club=club.slug, role="owner")


def refused(act: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Problem) as error:
        act()
    return error.value.status, error.value.explanation.reason


def test_an_owner_asks_and_an_operator_gives_another_amount(club: Club) -> None:
    asked = ask_for_budget(by=owner(club), club=club, budget=MORE, why="  A game server. ")
    assert [(each.pk, each.wanted, each.why) for each in budget_requests_waiting()] == [
        (asked.pk, MORE, "A game server.")
    ]
    approve_budget_request(
        by=BY, request_id=asked.pk, budget=Share(6 * GIB, 6000, 25), answer="Less memory first."
    )
    club.refresh_from_db()
    assert (club.memory_bytes, club.cpu_millicores, club.pods) == (6 * GIB, 6000, 25)
    (kept,) = budget_requests_of(club)
    assert (kept.state, kept.granted, kept.answer) == (
        "approved",
        Share(6 * GIB, 6000, 25),
        "Less memory first.",
    )
    assert budget_requests_waiting() == []
    assert list(AuditEntry.objects.filter(club="robots").values_list("action", flat=True)) == [
        "approve_budget_request",
        "set_budget",
        "ask_for_budget",
        "create_club",
    ]


def test_a_declined_request_says_why_and_the_club_may_ask_again(club: Club) -> None:
    asked = ask_for_budget(by=owner(club), club=club, budget=MORE, why="A game server.")
    assert refused(lambda: decline_budget_request(by=BY, request_id=asked.pk, answer=" ")) == (
        422,
        "bad-text",
    )
    decline_budget_request(by=BY, request_id=asked.pk, answer="The cluster is full until May.")
    again = ask_for_budget(by=owner(club), club=club, budget=MORE, why="It is May.")
    withdraw_budget_request(by=owner(club), club=club, request_id=again.pk)
    assert [each.state for each in budget_requests_of(club)] == ["withdrawn", "declined"]


def test_a_club_asks_once_at_a_time(club: Club) -> None:
    results = at_once(
        *[lambda: ask_for_budget(by=owner(club), club=club, budget=MORE, why="A game.") for _ in range(4)]
    )
    assert BudgetRequest.objects.count() == 1
    assert {r.explanation.reason for r in results if isinstance(r, Problem)} == {"already-asked"}


def test_of_two_operators_one_decides(club: Club) -> None:
    asked = ask_for_budget(by=owner(club), club=club, budget=MORE, why="A game.")
    results = at_once(
        lambda: approve_budget_request(by=BY, request_id=asked.pk),
        lambda: decline_budget_request(by=BY, request_id=asked.pk, answer="No."),
    )
    assert [r.explanation.reason for r in results if isinstance(r, Problem)] == ["already-decided"]


@pytest.mark.parametrize(
    ("budget", "why", "reason"),
    [
        (Share(4 * GIB, 4000, 20), "A game.", "not-larger"),
        (Share(0, 8000, 20), "A game.", "bad-budget"),
        (Share(1 << 50, 4000, 20), "A game.", "bad-budget"),
        (MORE, "", "bad-text"),
        (MORE, "x" * 1001, "bad-text"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_keeps_nothing(
    club: Club, budget: Share, why: str, reason: str
) -> None:
    assert refused(lambda: ask_for_budget(by=owner(club), club=club, budget=budget, why=why)) == (422, reason)
    assert not BudgetRequest.objects.exists()


def test_members_do_not_ask_and_owners_do_not_decide(club: Club) -> None:
    member = person("jun", club=club.slug, role="maintainer")
    assert refused(lambda: ask_for_budget(by=member, club=club, budget=MORE, why="A game."))[0] == 403
    asked = ask_for_budget(by=owner(club), club=club, budget=MORE, why="A game.")
    assert refused(lambda: approve_budget_request(by=owner(club), request_id=asked.pk))[0] == 403
    other = create_club(by=BY, slug="chess", name="Chess")
    stranger = person("yun", club="chess", role="owner")
    assert refused(lambda: withdraw_budget_request(by=stranger, club=other, request_id=asked.pk))[0] == 404


def test_a_club_is_renamed_and_its_address_stays(club: Club) -> None:
    rename_club(by=owner(club), club=club, name="  로봇  동아리 ")
    club.refresh_from_db()
    assert (club.slug, club.name) == ("robots", "로봇 동아리")
    assert refused(lambda: rename_club(by=owner(club), club=club, name=" ")) == (422, "bad-name")
    for name, reason in (("Go to evil.com/now", "name-with-link"), ("Ro\u200bbots", "name-unseen")):
        wanted = (422, reason)
        assert refused(lambda name=name: rename_club(by=owner(club), club=club, name=name)) == wanted  # type: ignore[misc]
    assert refused(
        lambda: rename_club(by=person("jun", club=club.slug, role="maintainer"), club=club, name="Mine")
    ) == (403, "scope-missing")


def test_a_club_is_not_renamed_to_what_another_one_is_called(club: Club) -> None:
    """Its mails would come in the other one's name."""
    create_club(by=BY, slug="chess", name="Chess Club")
    for name in ("Chess Club", "chess-club", "ＣＨＥＳＳ  Club!"):
        taken = refused(lambda name=name: rename_club(by=owner(club), club=club, name=name))  # type: ignore[misc]
        assert taken == (409, "club-name-taken")
    rename_club(by=owner(club), club=club, name=f"  {club.name.upper()} ")
    club.refresh_from_db()
    assert club.name == club.name.upper()


def test_a_club_with_projects_is_not_deleted(cluster: ScriptedCluster, club: Club) -> None:
    project = create_project(by=BY, club=club, slug="site")
    assert refused(lambda: closing.delete_club(by=owner(club), club=club)) == (409, "club-has-projects")
    delete_project(by=BY, project=project)
    assert refused(lambda: closing.delete_club(by=owner(club), club=club)) == (409, "club-has-projects")
    assert Club.objects.filter(slug="robots").exists()


def test_a_deleted_club_goes_with_its_keys_and_its_name_stays_taken_until_the_cluster_has_let_go(
    cluster: ScriptedCluster, club: Club
) -> None:
    project = create_project(by=BY, club=club, slug="site")
    key_for(project, "read")
    delete_project(by=BY, project=project)
    assert remove(project.pk)
    closing.delete_club(by=owner(club), club=club)
    assert not AccessKey.objects.exists()
    assert refused(lambda: create_project(by=BY, club=club, slug="late")) == (404, "not-found")
    assert sweep().club_removals == 1
    assert refused(lambda: create_club(by=BY, slug="robots", name="New")) == (409, "club-being-removed")
    removal = ClubRemoval.objects.get()
    cluster.namespaces_left = 1
    assert not closing.remove(removal.pk)
    assert closing.remove(removal.pk)
    assert not closing.remove(removal.pk)
    assert create_club(by=BY, slug="robots", name="New").name == "New"

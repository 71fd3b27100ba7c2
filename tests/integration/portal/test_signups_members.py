"""Members and invitations: who may, and that a club never loses its last owner."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from portal.accounts.models import AuditEntry, OneTimeLink, User
from portal.accounts.people import create_person, find_person
from portal.accounts.principal import Principal, person
from portal.clubs.actions import add_member, create_club
from portal.clubs.inviting import accept, accept_as_new, find_invitation, invite, revoke
from portal.clubs.members import change_role, leave, remove_member
from portal.clubs.models import Club, Invitation, Membership
from portal.mail.models import OutgoingMail
from portal.problems import Problem

from tests.integration.portal.scene import BY
from tests.integration.portal.signups_scene import FROM, letter, link_in
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")
JUN = "jun@school.example"


@pytest.fixture
def club(clean: None) -> Club:
    club = create_club(by=BY, slug="robots", name="Robots")
    add_member(by=BY, club=club, username="mina", role="owner")
    return club


def user(name: str) -> User:
    return User.objects.get(username=name)


def of(name: str, role: str) -> Principal:
    return person(name, club="robots", role=role)


def refused(status: int, reason: str, call: object) -> None:
    with pytest.raises(Problem) as problem:
        call()  # type: ignore[operator]
    assert (problem.value.status, problem.value.explanation.reason) == (status, reason)


def invited(club: Club, email: str = JUN, role: str = "member", language: str = "en") -> str:
    invite(by=of("mina", "owner"), club=club, email=email, role=role, language=language)
    return link_in(letter(email)[1], "/invitations/").rpartition("/")[2]


def test_an_invitation_lets_one_person_in_once(club: Club) -> None:
    token = invited(club, role="maintainer")
    assert token not in str(list(Invitation.objects.values()))
    jun = create_person(by=BY, email=JUN, name="Jun")
    membership = accept(token=token, user=jun, address=FROM)
    assert (membership.role, membership.club) == ("maintainer", club)
    refused(410, "invitation-dead", lambda: accept(token=token, user=user("mina"), address=FROM))
    assert Invitation.objects.get().accepted_by == jun


def test_of_many_who_accept_at_once_one_joins(club: Club) -> None:
    token = invited(club)
    people = [create_person(by=BY, email=f"p{n}@school.example", name="P") for n in range(4)]
    results = at_once(*[lambda p=p: accept(token=token, user=p, address=FROM) for p in people])
    assert len([result for result in results if isinstance(result, Problem)]) == 3
    assert Membership.objects.count() == 2


def test_somebody_new_gets_an_account_for_the_address_that_was_invited(club: Club) -> None:
    token = invited(club)
    membership = accept_as_new(token=token, name="Jun Lee", password="correct horse", address=FROM)
    assert (membership.user.username, membership.user.email) == ("jun", JUN)
    assert membership.user.check_password("correct horse")


def test_an_account_that_is_there_is_not_made_again(club: Club) -> None:
    token = invited(club)
    create_person(by=BY, email=JUN.upper(), name="Jun")
    refused(
        409,
        "sign-in-first",
        lambda: accept_as_new(token=token, name="Eve", password="correct horse", address=FROM),
    )
    assert find_invitation(token) is not None


def test_an_invitation_dies_with_time_by_revocation_and_by_the_next_one(club: Club) -> None:
    first = invited(club)
    second = invited(club)
    assert find_invitation(first) is None
    found = find_invitation(second)
    assert found is not None
    revoke(by=of("mina", "owner"), club=club, invitation_id=found.pk)
    revoke(by=of("mina", "owner"), club=club, invitation_id=found.pk)
    assert find_invitation(second) is None
    third = invited(club)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert find_invitation(third) is None


def test_a_member_is_not_invited_again_and_keeps_the_role_with_another_clubs_link(club: Club) -> None:
    jun = create_person(by=BY, email=JUN, name="Jun")
    token = invited(club, email="other@school.example", role="member")
    add_member(by=BY, club=club, username=jun.username, role="maintainer")
    refused(409, "member-already", lambda: invited(club))
    assert accept(token=token, user=jun, address=FROM).role == "maintainer"


def test_who_is_invited_is_written_in_the_language_of_the_form(club: Club) -> None:
    invited(club, role="maintainer", language="ko")
    subject, text = letter(JUN)
    assert subject == "Robots에서 마당으로 초대했어요"
    assert "역할: 관리자" in text


@pytest.mark.parametrize("email", ["jun", "jun@", "jun@school.example\nBcc: eve@evil.example", ""])
def test_what_is_no_address_is_not_invited(club: Club, email: str) -> None:
    refused(
        422,
        "bad-email",
        lambda: invite(by=of("mina", "owner"), club=club, email=email, role="member", language="en"),
    )


def test_a_club_sends_no_more_invitations_than_its_share(club: Club) -> None:
    for number in range(30):
        invited(club, email=f"p{number}@school.example")
    refused(429, "too-many-invitations", lambda: invited(club))
    assert OutgoingMail.objects.count() == 30
    Invitation.objects.update(created_at=F("created_at") - timedelta(hours=2))
    invited(club)


@pytest.mark.parametrize("role", ["member", "maintainer"])
def test_only_owners_and_operators_decide_who_belongs_to_the_club(club: Club, role: str) -> None:
    by, mina = of("kim", role), user("mina")
    invited(club)
    number = Invitation.objects.get().pk
    for call in (
        lambda: invite(by=by, club=club, email="x@school.example", role="owner", language="en"),
        lambda: revoke(by=by, club=club, invitation_id=number),
        lambda: change_role(by=by, club=club, user=mina, role="member"),
        lambda: remove_member(by=by, club=club, user=mina),
        lambda: add_member(by=by, club=club, username="kim", role="owner"),
        lambda: leave(by=by, club=club, user=mina),
    ):
        refused(403, "scope-missing", call)


def test_another_clubs_owner_sees_nothing(club: Club) -> None:
    by = person("eve", club="chess", role="owner")
    mina = user("mina")
    refused(404, "not-found", lambda: remove_member(by=by, club=club, user=mina))
    refused(
        404,
        "not-found",
        lambda: invite(by=by, club=club, email=JUN, role="owner", language="en"),
    )


def test_the_last_owner_cannot_go_in_any_way(club: Club) -> None:
    mina = user("mina")
    for call in (
        lambda: change_role(by=of("mina", "owner"), club=club, user=mina, role="member"),
        lambda: remove_member(by=BY, club=club, user=mina),
        lambda: leave(by=of("mina", "owner"), club=club, user=mina),
        lambda: add_member(by=BY, club=club, username="mina", role="maintainer"),
    ):
        refused(409, "last-owner", call)
    assert Membership.objects.get().role == "owner"


def test_an_owner_who_cannot_sign_in_does_not_count(club: Club) -> None:
    add_member(by=BY, club=club, username="gone", role="owner")
    User.objects.filter(username="gone").update(is_active=False)
    refused(409, "last-owner", lambda: leave(by=of("mina", "owner"), club=club, user=user("mina")))


def test_two_owners_who_leave_at_once_do_not_leave_the_club_alone(club: Club) -> None:
    add_member(by=BY, club=club, username="jun", role="owner")
    mina, jun = user("mina"), user("jun")
    results = at_once(
        lambda: leave(by=of("mina", "owner"), club=club, user=mina),
        lambda: leave(by=of("jun", "owner"), club=club, user=jun),
    )
    assert len([result for result in results if isinstance(result, Problem)]) == 1
    assert Membership.objects.get(club=club).role == "owner"


def test_roles_change_members_go_and_all_of_it_is_in_the_audit_log(club: Club) -> None:
    add_member(by=BY, club=club, username="jun", role="member")
    owner = of("mina", "owner").at(FROM)
    change_role(by=owner, club=club, user=user("jun"), role="maintainer")
    change_role(by=owner, club=club, user=user("jun"), role="maintainer")
    remove_member(by=owner, club=club, user=user("jun"))
    entries = AuditEntry.objects.filter(actor="person:mina").order_by("id")
    assert [entry.action for entry in entries] == ["change_role", "remove_member"]
    assert entries[0].detail == {"user": "jun", "before": "member", "after": "maintainer"}
    assert {entry.address for entry in entries} == {FROM}


def test_an_operator_is_made_at_the_command_line_and_gets_a_link(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("create_operator", "Op@School.example")
    first = capsys.readouterr().out.strip()
    assert first.startswith("http://madang.localhost:8000/welcome/")
    operator = User.objects.get()
    assert (operator.username, operator.email, operator.is_superuser) == ("op", "op@school.example", True)
    call_command("create_operator", "op@school.example")
    assert capsys.readouterr().out.strip() != first
    assert OneTimeLink.objects.filter(revoked_at=None).count() == 1
    operator.set_password("correct horse")
    operator.save()
    call_command("create_operator", "op@school.example")
    told = capsys.readouterr()
    assert told.out == ""
    assert "signs in as before" in told.err
    assert "http://madang.localhost:8000/password/reset" in told.err
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="enables it at /operator/people"):
        call_command("create_operator", "op@school.example")
    with pytest.raises(CommandError, match="no e-mail address"):
        call_command("create_operator", "op")


def test_a_person_becomes_an_operator(capsys: pytest.CaptureFixture[str]) -> None:
    create_person(by=BY, email="kim@school.example", name="Kim")
    call_command("create_operator", "kim@school.example")
    assert User.objects.get().is_superuser
    assert AuditEntry.objects.filter(action="make_operator", actor="operator:create_operator").exists()


def test_an_address_in_letters_that_only_look_alike_is_nobodys_account(clean: None) -> None:
    """Whoever owns the domain gmaıl.com gets no link to the account of somebody at gmail.com."""
    mina = create_person(by=BY, email="mina@gmail.com", name="Mina")
    assert find_person("MINA@Gmail.com") == mina
    assert find_person("mina@gmaıl.com") is None
    other = create_person(by=BY, email="mina@gmaıl.com", name="Another")
    assert find_person("mina@gmaıl.com") == other
    refused(409, "person-exists", lambda: create_person(by=BY, email="Mina@gmail.com", name="Mina"))

"""Members: invited, given roles, removed, gone by themselves."""

from __future__ import annotations

import pytest
from django.test import Client
from portal.clubs.actions import create_club
from portal.clubs.inviting import open_invitations
from portal.clubs.models import Club, Invitation, Membership

from tests.integration.portal.club_pages import attributes, browser, text
from tests.integration.portal.scene import BY

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
def club() -> Club:
    return create_club(by=BY, slug="robots", name="Robots")


@pytest.fixture
def owner(club: Club) -> Client:
    return browser("mina", club, "owner", first_name="민아")


@pytest.fixture
def member(club: Club, owner: Client) -> Client:
    return browser("jun", club, "member")


def membership(username: str) -> Membership:
    return Membership.objects.get(user__username=username)


def test_an_owner_sees_addresses_and_members_do_not(owner: Client, member: Client) -> None:
    assert "jun@school.example" in text(owner.get("/clubs/robots/members"))
    page = member.get("/clubs/robots/members")
    assert "mina@school.example" not in text(page)
    assert "민아" in text(page)
    assert {action for action in attributes(page, "action") if "/members/" in action} == {
        "/clubs/robots/members/leave"
    }


def test_somebody_is_invited_again_and_the_first_link_is_dead(owner: Client) -> None:
    answer = owner.post(
        "/clubs/robots/members/invite", {"email": "Yun@School.example", "role": "maintainer"}, follow=True
    )
    assert "yun@school.example has been sent an invitation." in text(answer)
    assert "as maintainer, invited by 민아" in text(answer)
    first = open_invitations().get()
    answer = owner.post(f"/clubs/robots/members/invitations/{first.pk}/resend", follow=True)
    assert "yun@school.example has been sent a new invitation." in text(answer)
    second = open_invitations().get()
    assert (second.pk == first.pk, second.role) == (False, "maintainer")
    answer = owner.post(f"/clubs/robots/members/invitations/{second.pk}/revoke", follow=True)
    assert "The invitation of yun@school.example opens nothing any more." in text(answer)
    assert "Invited, not here yet" not in text(answer)
    assert not open_invitations().exists()


@pytest.mark.parametrize(
    ("email", "status", "says"),
    [
        ("not an address", 422, "valid email address"),
        ("", 422, "required"),
        ("jun@school.example", 409, "belongs to the club already"),
    ],
)
def test_an_invitation_that_cannot_be_sent_keeps_what_was_typed(
    owner: Client, member: Client, email: str, status: int, says: str
) -> None:
    answer = owner.post("/clubs/robots/members/invite", {"email": email, "role": "owner"})
    assert answer.status_code == status
    assert says in text(answer)
    assert email in attributes(answer, "value") or not email
    assert not Invitation.objects.exists()


def test_a_role_is_changed_and_the_last_owner_stays(owner: Client, member: Client) -> None:
    answer = owner.post(
        f"/clubs/robots/members/{membership('jun').pk}/role", {"role": "maintainer"}, follow=True
    )
    assert "jun is maintainer now." in text(answer)
    answer = owner.post(f"/clubs/robots/members/{membership('mina').pk}/role", {"role": "member"})
    assert answer.status_code == 409
    assert "would have no owner any more" in text(answer)
    assert membership("mina").role == "owner"


def test_a_removed_member_sees_the_club_no_more(owner: Client, member: Client) -> None:
    page = owner.get("/clubs/robots/members")
    remove = f"/clubs/robots/members/{membership('jun').pk}/remove"
    assert remove in attributes(page, "action")
    owner.post(remove)
    assert member.get("/clubs/robots").status_code == 404


def test_a_member_leaves_and_the_last_owner_cannot(owner: Client, member: Client) -> None:
    answer = member.post("/clubs/robots/members/leave", follow=True)
    assert "You have left Robots." in text(answer)
    refused = owner.post("/clubs/robots/members/leave")
    assert refused.status_code == 409
    assert membership("mina").role == "owner"


def test_members_change_nobody(owner: Client, member: Client) -> None:
    for path in (
        "invite",
        f"{membership('mina').pk}/role",
        f"{membership('mina').pk}/remove",
        "invitations/1/resend",
        "invitations/1/revoke",
    ):
        assert member.post(f"/clubs/robots/members/{path}").status_code == 403, path


def test_a_member_of_another_club_is_not_there(owner: Client) -> None:
    browser("yun", create_club(by=BY, slug="chess", name="Chess"), "owner")
    for act in ("role", "remove"):
        answer = owner.post(f"/clubs/robots/members/{membership('yun').pk}/{act}", {"role": "member"})
        assert answer.status_code == 404
    assert membership("yun").role == "owner"

"""Names from before the rule that they hold no address of a page: no mail makes a link of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from portal.accounts.models import User
from portal.accounts.principal import person
from portal.clubs.actions import add_member, create_club
from portal.clubs.inviting import invite
from portal.clubs.models import Club
from portal.clubs.suspending import resume_club, suspend_club
from portal.encryption import decrypt
from portal.environment import environment
from portal.mail.models import OutgoingMail
from portal.notifications import letters
from portal.notifications.actions import Owner, add_channel
from portal.notifications.models import EventKind
from portal.notifications.wording import Told, message
from portal.plain_names import holds_a_link
from portal.signups import letters as to_applicants
from portal.signups.models import SignupRequest

from tests.integration.portal.scene import BY
from tests.integration.portal.signups_scene import applied

pytestmark = pytest.mark.usefixtures("clean")
NAME = "Win at www.evil.com/prizes"
APART = "Win at www . evil . com / prizes"


@pytest.fixture
def club() -> Club:
    """With an owner who has an address."""
    club = create_club(by=BY, slug="robots", name="Robots")
    add_member(by=BY, club=club, username="mina", role="owner")
    User.objects.filter(username="mina").update(email="mina@school.example", first_name=NAME)
    Club.objects.update(name=NAME)
    club.refresh_from_db()
    return club


@pytest.fixture
def request_of_before() -> SignupRequest:
    request = applied()
    OutgoingMail.objects.all().delete()
    SignupRequest.objects.update(club_name=NAME, person=NAME, reason="Not a club of ours.")
    request.refresh_from_db()
    return request


def each_mail_has_it_apart(count: int) -> None:
    mails = list(OutgoingMail.objects.all())
    assert len(mails) == count
    for mail in mails:
        whole = f"{mail.subject}\n{decrypt(mail.encrypted_body)}"
        assert APART in whole
        assert not holds_a_link(whole.replace(environment().public_url, "")), whole


def test_of_a_club(club: Club) -> None:
    invite(by=BY, club=club, email="jun@school.example", role="member", language="en")
    suspend_club(by=BY, club=club, why="Too loud.")
    resume_club(by=BY, club=club)
    each_mail_has_it_apart(3)


def test_of_whose_channel_it_is(club: Club) -> None:
    owners: list[Owner] = [club, User.objects.get(username="mina")]
    for by, owner in zip((BY, person("mina")), owners, strict=True):
        given = {"kind": "email", "name": "ours", "target": "teacher@school.example", "events": ["live"]}
        channel = add_channel(by=by, owner=owner, **given, language="en").channel
        assert APART in letters.foot(channel)
    each_mail_has_it_apart(2)


@pytest.mark.parametrize(
    "write",
    [
        to_applicants.confirm,
        to_applicants.received,
        to_applicants.declined,
        lambda request: to_applicants.waits_already(request, "en"),
        lambda request: to_applicants.approved(request, "token"),
    ],
)
def test_of_an_applicant(request_of_before: SignupRequest, write: Callable[[SignupRequest], None]) -> None:
    write(request_of_before)
    each_mail_has_it_apart(1)


@pytest.mark.parametrize("what", ["signup", "budget"])
def test_in_what_operators_hear(what: str) -> None:
    told = Told(EventKind.REQUEST, datetime.now(UTC), "", "", {"what": what, "name": NAME})
    assert APART in message(told).title

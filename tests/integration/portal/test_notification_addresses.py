"""Nothing is sent to an address that has not agreed, and whoever reads its mails can end them."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db.models.functions import Now
from django.test import Client
from portal.accounts.models import AuditEntry, User
from portal.accounts.principal import person
from portal.clubs.models import Club
from portal.encryption import decrypt
from portal.mail import sending as mailing
from portal.mail.models import OutgoingMail
from portal.notifications import confirming, links, sending
from portal.notifications.actions import add_channel, ask_again, remove_channel, send_test
from portal.notifications.collecting import collect
from portal.notifications.models import Channel, Confirmation, Delivery
from portal.notifications.retention import forget
from portal.problems import Problem
from portal.projects.models import Project
from portal.signed_links import LinkRefused
from pydantic import SecretStr

from tests.integration.portal.club_pages import browser, text
from tests.integration.portal.scene import BY, ScriptedCluster, push, some_project, work
from tests.integration.portal.smtp_server import running_smtp_server
from tests.integration.portal.test_claims import at_once
from tests.integration.portal.test_notifications import member

TEACHER = "teacher@school.example"


@pytest.fixture
def project(cluster: ScriptedCluster) -> Project:
    return some_project()


def channel_to(club: Club, target: str = TEACHER, name: str = "teachers") -> Channel:
    return add_channel(
        by=BY, owner=club, kind="email", name=name, target=target, events=["live"], language="en"
    ).channel


def deploy(project: Project) -> None:
    push(project)
    work()
    collect()
    for delivery in Delivery.objects.order_by("id"):
        sending.deliver(delivery.pk)


def mails(recipient: str = TEACHER) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(recipient=recipient).order_by("id"))


def link_in(mail: OutgoingMail, name: str) -> str:
    found = re.search(rf"/notifications/{name}/\S+", decrypt(mail.encrypted_body))
    assert found is not None
    return found[0]


def token(link: str) -> str:
    return link.rpartition("/")[2]


def reason_of(problem: pytest.ExceptionInfo[Problem]) -> str:
    return problem.value.explanation.reason


def test_an_address_gets_one_mail_that_asks_and_nothing_before_it_agrees(project: Project) -> None:
    channel = channel_to(project.club)
    assert channel.confirmed_at is None
    deploy(project)
    (asked,) = mails()
    assert asked.subject == "Confirm messages from Madang for Club"
    assert not Delivery.objects.exists()
    with pytest.raises(Problem) as refused:
        send_test(by=BY, owner=project.club, channel_id=channel.pk)
    assert reason_of(refused) == "not-confirmed"
    assert len(mails()) == 1


def test_what_waited_for_an_address_that_is_not_confirmed_is_not_sent(project: Project) -> None:
    """However it came to be: the last look is at the moment of sending."""
    channel = channel_to(project.club)
    Channel.objects.filter(pk=channel.pk).update(confirmed_at=Now())
    delivery = send_test(by=BY, owner=project.club, channel_id=channel.pk)
    Channel.objects.filter(pk=channel.pk).update(confirmed_at=None)
    sending.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.mail) == ("failed", None)


def test_opening_the_link_confirms_nothing_and_its_button_does_once(project: Project) -> None:
    channel = channel_to(project.club)
    link = link_in(mails()[0], "confirm")
    stranger = Client(headers={"accept-language": "en"})
    assert "Shall messages about the projects of Club come" in text(stranger.get(link))
    channel.refresh_from_db()
    assert channel.confirmed_at is None
    assert "from now on" in text(stranger.post(link))
    channel.refresh_from_db()
    assert channel.confirmed_at is not None
    assert stranger.get(link).status_code == 410
    assert stranger.post(link).status_code == 410
    entry = AuditEntry.objects.get(action="confirm_channel")
    assert (entry.club, entry.detail["name"], entry.address) == (project.club.slug, "teachers", "127.0.0.1")
    deploy(project)
    assert [mail.subject for mail in mails()][1:] == [f"{project} is live"]


def test_two_clicks_at_once_are_one(project: Project) -> None:
    channel_to(project.club)
    given = token(link_in(mails()[0], "confirm"))
    done = at_once(*[lambda: confirming.confirm(token=given, address="")] * 3)
    assert len([each for each in done if isinstance(each, Channel)]) == 1
    assert len([each for each in done if isinstance(each, LinkRefused)]) == 2


@pytest.mark.parametrize("spoil", ["changed", "late", "another's", "other use"])
def test_a_link_that_is_not_right_confirms_nothing(project: Project, spoil: str) -> None:
    channel = channel_to(project.club)
    link = link_in(mails()[0], "confirm")
    stranger = Client()
    if spoil == "changed":
        link = link[:-1] + ("a" if link[-1] != "a" else "b")
    elif spoil == "another's":
        link = re.sub(r"confirm/\d+", "confirm/999999", link)
    elif spoil == "other use":
        link = link_in(mails()[0], "stop").replace("/stop/", "/confirm/")
    later = links.CONFIRM_WITHIN.total_seconds() + 1 if spoil == "late" else 0
    real = signing.time.time
    with patch.object(signing.time, "time", lambda: real() + later):
        for answer in (stranger.get(link), stranger.post(link)):
            assert answer.status_code == 410
    channel.refresh_from_db()
    assert channel.confirmed_at is None


def test_it_is_asked_again_by_a_new_link_alone_and_so_often_a_day(project: Project) -> None:
    channel = channel_to(project.club)
    ask_again(by=BY, owner=project.club, channel_id=channel.pk)
    first, second = (link_in(mail, "confirm") for mail in mails())
    assert Client().post(first).status_code == 410
    ask_again(by=BY, owner=project.club, channel_id=channel.pk)
    with pytest.raises(Problem) as refused:
        ask_again(by=BY, owner=project.club, channel_id=channel.pk)
    assert (refused.value.status, reason_of(refused)) == (429, "asked-too-often")
    assert len(mails()) == confirming.MOST_AN_ADDRESS
    assert Client().post(second).status_code == 410
    assert Client().post(link_in(mails()[2], "confirm")).status_code == 200
    with pytest.raises(Problem) as refused:
        ask_again(by=BY, owner=project.club, channel_id=channel.pk)
    assert reason_of(refused) == "already-confirmed"


def test_removing_and_adding_it_does_not_let_an_address_be_asked_more_often(project: Project) -> None:
    other = some_project()
    for club in (project.club, other.club, project.club):
        remove_channel(by=BY, owner=club, channel_id=channel_to(club, TEACHER.upper()).pk)
    with pytest.raises(Problem) as refused:
        channel_to(other.club)
    assert reason_of(refused) == "asked-too-often"
    assert not Channel.objects.exists()
    assert OutgoingMail.objects.count() == 3
    Confirmation.objects.update(asked_at=Now() - timedelta(days=1, seconds=1))
    assert channel_to(other.club).confirmed_at is None


def test_clubs_that_ask_an_address_at_once_ask_it_no_more_often(project: Project) -> None:
    clubs = [some_project().club for _ in range(6)]
    results = at_once(*[lambda club=club: channel_to(club) for club in clubs])
    assert len([result for result in results if isinstance(result, Problem)]) == 3
    assert len(mails()) == confirming.MOST_AN_ADDRESS


def test_a_club_cannot_ask_the_whole_world(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "MOST_AN_OWNER", 2)
    for number in range(2):
        channel_to(project.club, f"somebody{number}@elsewhere.example")
    with pytest.raises(Problem) as refused:
        channel_to(project.club, "third@elsewhere.example")
    assert reason_of(refused) == "asked-too-often"
    assert channel_to(some_project().club, "third@elsewhere.example").pk


def test_an_address_that_a_member_has_verified_need_not_be_asked(project: Project) -> None:
    mina, outsider = member(project.club, "mina"), member(some_project().club, "jun")
    EmailAddress.objects.create(user=mina, email=mina.email, verified=True)
    EmailAddress.objects.create(user=outsider, email=outsider.email, verified=True)
    EmailAddress.objects.create(user=mina, email="second@school.example", verified=False)
    assert channel_to(project.club, mina.email.upper()).confirmed_at is not None
    assert channel_to(project.club, outsider.email).confirmed_at is None
    assert channel_to(project.club, "second@school.example").confirmed_at is None
    User.objects.filter(pk=mina.pk).update(is_active=False)
    assert channel_to(project.club, mina.email).confirmed_at is None
    own = add_channel(
        by=person("jun"),
        owner=outsider,
        kind="email",
        name="me",
        target=outsider.email,
        events=["live"],
        language="en",
    )
    assert own.channel.confirmed_at is not None


def test_other_kinds_are_told_at_once(project: Project) -> None:
    added = add_channel(
        by=BY,
        owner=project.club,
        kind="discord",
        name="ours",
        target="https://discord.com/api/webhooks/1/x",
        events=["live"],
        language="en",
    )
    assert added.channel.confirmed_at is not None
    assert not OutgoingMail.objects.exists()


def test_every_message_has_a_link_that_ends_them_after_a_button(project: Project) -> None:
    channel = channel_to(project.club)
    Client().post(link_in(mails()[0], "confirm"))
    deploy(project)
    asked, told = mails()
    assert link_in(asked, "stop") == link_in(told, "stop")
    link = link_in(told, "stop")
    reader = Client(headers={"accept-language": "en"})
    assert "no more messages about Club" in text(reader.get(link))
    assert Channel.objects.filter(pk=channel.pk).exists()
    done = text(reader.post(link))
    assert "taken out" in done and "To the start" in done
    assert not Channel.objects.exists()
    assert AuditEntry.objects.get(action="stop_channel").club == project.club.slug
    assert reader.get(link).status_code == 410
    assert reader.post(link).status_code == 200
    deploy(project)
    assert len(mails()) == 2
    assert reader.post(link[:-1] + ("a" if link[-1] != "a" else "b")).status_code == 410


def test_a_mail_program_ends_them_by_one_click_without_a_cookie(project: Project) -> None:
    channel_to(project.club)
    link = link_in(mails()[0], "stop")
    program = Client(enforce_csrf_checks=True)
    assert program.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Channel.objects.exists()
    channel_to(project.club)
    confirm = link_in(mails()[1], "confirm")
    assert Client(enforce_csrf_checks=True).post(confirm).status_code == 403


def test_the_headers_of_rfc_8058_go_over_the_wire_and_are_forgotten_then(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel_to(project.club)
    (mail,) = mails()
    link = link_in(mail, "stop")
    with running_smtp_server() as server:
        url = SecretStr(f"smtp://127.0.0.1:{server.port}/?tls=none")
        monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update={"email_url": url}))
        monkeypatch.setattr(mailing, "_TIMEOUT_SECONDS", 240)
        mailing.deliver(mail.pk)
        (message,) = server.received
    # A long header may begin on its second line.
    where = message["List-Unsubscribe"].strip()
    assert where.startswith("<http") and where.endswith(f"{link}>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in message.get_content()
    mail.refresh_from_db()
    assert (mail.state, bytes(mail.encrypted_unsubscribe)) == ("sent", b"")


def test_the_page_shows_that_it_waits_and_asks_again(project: Project) -> None:
    client = browser("minji", project.club, "maintainer")
    url = f"/clubs/{project.club.slug}/notifications"
    form = {"kind": "email", "name": "Teachers", "target": TEACHER, "events": ["live"]}
    said = text(client.post(url, form, follow=True))
    assert "A mail asks the address of “Teachers”" in said
    assert "not confirmed" in said
    assert "Send a test" not in said
    channel = Channel.objects.get()
    assert "A mail asks" in text(client.post(f"{url}/{channel.pk}/ask", follow=True))
    client.post(f"{url}/{channel.pk}/ask")
    refused = client.post(f"{url}/{channel.pk}/ask")
    assert refused.status_code == 429
    assert "asked often enough" in text(refused)
    Client().post(link_in(mails()[-1], "confirm"))
    shown = text(client.get(url))
    assert "not confirmed" not in shown
    assert "Send a test" in shown
    stranger = browser("eve", some_project().club, "owner")
    assert stranger.post(f"{url}/{channel.pk}/ask").status_code == 404
    assert stranger.post(f"/account/notifications/{channel.pk}/ask").status_code == 404


def test_a_persons_own_address_that_is_not_verified_is_asked_too(project: Project) -> None:
    client = browser("minji", project.club, "member")
    client.post("/account/notifications", {"kind": "email", "name": "Me", "events": ["live"]})
    channel = Channel.objects.get()
    assert channel.confirmed_at is None
    assert client.post(f"/account/notifications/{channel.pk}/ask").status_code == 302
    (_, second) = mails("minji@school.example")
    assert "minji" in second.subject
    Client().post(link_in(second, "confirm"))
    channel.refresh_from_db()
    assert channel.confirmed_at is not None


def test_confirmations_are_forgotten_after_a_week(project: Project) -> None:
    channel_to(project.club)
    forget()
    assert Confirmation.objects.count() == 1
    Confirmation.objects.update(asked_at=Now() - timedelta(days=8))
    forget()
    assert not Confirmation.objects.exists()

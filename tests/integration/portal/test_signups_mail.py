"""Mails: none is lost, each says what it shall in its reader's language, and the catcher keeps the newest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from portal.accounts.principal import person
from portal.encryption import decrypt
from portal.mail import catcher, retention, selectors
from portal.mail.actions import post, send_again
from portal.mail.models import CaughtMail, OutgoingMail
from portal.mail.sending import deliver, sendable
from portal.problems import Problem
from portal.signups.deciding import decline
from portal.sweeping import sweep
from pydantic import SecretStr

from tests.integration.portal.scene import BY
from tests.integration.portal.signups_scene import ROBOTS, applied, approved, confirmed, letter
from tests.integration.portal.smtp_server import SmtpServer, running_smtp_server
from tests.integration.portal.test_claims import at_once

pytestmark = pytest.mark.usefixtures("clean")
MINA = "mina@school.example"


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    with running_smtp_server() as server:
        url = f"smtp://127.0.0.1:{server.port}/?tls=none"
        changed = settings.MADANG.model_copy(update={"email_url": SecretStr(url)})
        monkeypatch.setattr(settings, "MADANG", changed)
        monkeypatch.setattr("portal.mail.sending._TIMEOUT_SECONDS", 240)
        yield server


def due_now() -> None:
    OutgoingMail.objects.exclude(retry_at=None).update(retry_at=Now() - timedelta(seconds=1))


def test_without_a_mail_server_a_mail_is_caught_and_the_outbox_forgets_its_text() -> None:
    mail = post(to=MINA, subject="Hello", body="the link: /welcome/x\n", language="en")
    assert b"welcome" not in bytes(mail.encrypted_body)
    deliver(mail.pk)
    deliver(mail.pk)
    caught = CaughtMail.objects.get()
    assert (caught.recipient, caught.subject, caught.body) == (MINA, "Hello", "the link: /welcome/x\n")
    assert caught.sender == "Madang <madang@madang.localhost>"
    assert b"welcome" not in bytes(caught.encrypted_body)
    mail.refresh_from_db()
    assert (mail.state, bytes(mail.encrypted_body)) == ("sent", b"")


def test_a_mail_server_gets_plain_text_in_its_language_with_a_name_of_its_own(smtp: SmtpServer) -> None:
    deliver(post(to=MINA, subject="가입을 환영해요", body="<b>안녕하세요</b>\n", language="ko").pk)
    (message,) = smtp.received
    assert message["Subject"] == "가입을 환영해요"
    assert message["To"] == MINA
    assert message["Content-Language"] == "ko"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@madang.localhost>")
    assert message.get_content_type() == "text/plain"
    assert message.get_content().strip() == "<b>안녕하세요</b>"


def test_a_mail_is_no_way_to_write_headers(smtp: SmtpServer) -> None:
    deliver(post(to=MINA, subject="Hi\r\nBcc: eve@evil.example", body="x").pk)
    (message,) = smtp.received
    assert message["Bcc"] is None
    assert message["Subject"] == "Hi Bcc: eve@evil.example"


def test_a_mail_that_is_put_off_is_tried_again_and_shown_until_it_is_taken(smtp: SmtpServer) -> None:
    smtp.answers[MINA] = "450 greylisted, come back"
    mail = post(to=MINA, subject="Hello", body="x")
    deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.failures) == ("waiting", 1)
    assert "450 greylisted" in mail.trouble
    assert list(selectors.undelivered()) == [mail]
    assert not sendable().exists()
    due_now()
    del smtp.answers[MINA]
    deliver(mail.pk)
    assert len(smtp.received) == 1
    assert not selectors.undelivered().exists()


def test_a_refused_recipient_is_not_tried_again_until_an_operator_says_so(smtp: SmtpServer) -> None:
    smtp.answers[MINA] = "550 no such user"
    mail = post(to=MINA, subject="Hello", body="x")
    deliver(mail.pk)
    mail.refresh_from_db()
    assert mail.state == "failed"
    deliver(mail.pk)
    with pytest.raises(Problem):
        send_again(by=person("kim"), mail_id=mail.pk)
    del smtp.answers[MINA]
    send_again(by=BY, mail_id=mail.pk)
    deliver(mail.pk)
    assert len(smtp.received) == 1
    with pytest.raises(Problem, match="sent already"):
        send_again(by=BY, mail_id=mail.pk)


def test_a_mail_is_given_up_after_four_days(smtp: SmtpServer) -> None:
    smtp.answers[MINA] = "450 not now"
    mail = post(to=MINA, subject="Hello", body="x")
    OutgoingMail.objects.update(created_at=F("created_at") - timedelta(days=5))
    deliver(mail.pk)
    mail.refresh_from_db()
    assert mail.state == "failed"


def test_a_mail_server_that_is_away_costs_nothing_but_time(monkeypatch: pytest.MonkeyPatch) -> None:
    away = {"email_url": SecretStr("smtp://127.0.0.1:1/?tls=none")}
    monkeypatch.setattr(settings, "MADANG", settings.MADANG.model_copy(update=away))
    mail = post(to=MINA, subject="Hello", body="x")
    deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.failures) == ("waiting", 1)
    assert "refused" in mail.trouble.lower()


def test_of_many_workers_one_sends(smtp: SmtpServer) -> None:
    mail = post(to=MINA, subject="Hello", body="x")
    at_once(*[lambda: deliver(mail.pk) for _ in range(5)])
    assert len(smtp.received) == 1


def test_a_dead_workers_mail_is_found_by_the_sweep_and_sent() -> None:
    mail = post(to=MINA, subject="Hello", body="x")
    OutgoingMail.objects.update(lease_owner="dead", lease_until=Now() + timedelta(hours=1))
    assert sweep().mails == 0
    OutgoingMail.objects.update(lease_until=Now() - timedelta(seconds=1))
    assert sweep().mails == 1
    deliver(mail.pk)
    assert CaughtMail.objects.count() == 1


def test_what_is_rolled_back_sends_nothing() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        post(to=MINA, subject="Hello", body="x")
        raise RuntimeError
    assert not OutgoingMail.objects.exists()


def test_whatever_sends_by_django_goes_through_the_outbox() -> None:
    connection = get_connection("portal.mail.outbox.Outbox")
    message = EmailMessage("Hello", "x", to=[MINA, "jun@school.example"], connection=connection)
    assert message.send() == 1
    assert set(OutgoingMail.objects.values_list("recipient", flat=True)) == {MINA, "jun@school.example"}


def test_the_catcher_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catcher, "KEPT", 3)
    for number in range(5):
        deliver(post(to=MINA, subject=f"mail {number}", body="x").pk)
    assert [mail.subject for mail in selectors.caught()] == ["mail 4", "mail 3", "mail 2"]


def test_the_outbox_forgets_in_time_whom_it_wrote_to() -> None:
    deliver(post(to=MINA, subject="Hello", body="x").pk)
    assert retention.forget() == 0
    OutgoingMail.objects.update(ended_at=F("ended_at") - timedelta(days=31))
    assert retention.forget() == 1


def test_an_operator_reads_caught_mail_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(post(to=MINA, subject="Hello", body="the link\n", language="en").pk)
    deliver(post(to="jun@school.example", subject="Other", body="y\n").pk)
    number = CaughtMail.objects.get(recipient=MINA).pk
    call_command("mail")
    assert "Hello" in capsys.readouterr().out
    call_command("mail", str(number))
    assert "Subject: Hello\n\nthe link\n" in capsys.readouterr().out
    call_command("mail", "--json", "--to", MINA.upper())
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["to"], told["subject"], told["body"]) == (MINA, "Hello", "the link\n")
    with pytest.raises(CommandError, match="No mail 0 was caught"):
        call_command("mail", "0")


def test_keys_of_encryption_are_rotated_under_mails_too(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(post(to=MINA, subject="Hello", body="x").pk)
    waiting = post(to=MINA, subject="Hello", body="y")
    call_command("rotate_encryption")
    assert "2 mails" in capsys.readouterr().out
    waiting.refresh_from_db()
    assert decrypt(waiting.encrypted_body) == "y"
    assert CaughtMail.objects.get().body == "x"


@pytest.mark.parametrize(
    ("language", "subjects"),
    [
        (
            "en",
            [
                "Confirm the application of Robotics club",
                "We have the application of Robotics club",
                "The application of Robotics club was declined",
            ],
        ),
        (
            "ko",
            [
                "Robotics club 신청을 확인해 주세요",
                "Robotics club 신청을 받았어요",
                "Robotics club 신청이 반려되었어요",
            ],
        ),
    ],
)
def test_an_applicant_is_written_in_the_language_of_the_form(language: str, subjects: list[str]) -> None:
    request = confirmed(language=language)
    decline(by=BY, request_id=request.pk, reason="Who is your teacher?")
    mails = OutgoingMail.objects.order_by("pk")
    assert [mail.subject for mail in mails] == subjects
    assert {mail.language for mail in mails} == {language}
    assert all("%(" not in decrypt(mail.encrypted_body) for mail in mails)


def test_a_name_with_marks_of_any_kind_comes_through_a_letter_unchanged() -> None:
    name = "100% <b>R&D</b> 로봇 %(link)s"
    applied(club_name=name)
    subject, text = letter()
    assert name in subject
    assert name in text


def test_the_owners_letter_says_until_when_its_link_works() -> None:
    approved()
    _, text = letter(ROBOTS.email)
    assert "works once, until" in text
    assert "http://madang.localhost:8000/welcome/" in text

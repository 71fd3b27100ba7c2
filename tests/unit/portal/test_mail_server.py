"""The mail server's address, how long a mail is tried, and what a log line says of a link."""

from __future__ import annotations

import json
import logging
import smtplib
from datetime import timedelta

import pytest
from portal.environment import Environment
from portal.logs import JsonFormatter, NoLinks
from portal.mail.patience import is_final, told, wait_after
from portal.mail.server import MailServer, mail_server
from pydantic import SecretStr, ValidationError


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", None),
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, "starttls")),
        ("smtp://mail.example.org/?tls=implicit", MailServer("mail.example.org", 465, "implicit")),
        ("smtp://relay:2525/?tls=none", MailServer("relay", 2525, "none")),
        (
            "smtp://a%40b:p%2Fw%3A@mail.example.org:587/?tls=starttls",
            MailServer("mail.example.org", 587, "starttls", "a@b", "p/w:"),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_url(url: str, server: MailServer | None) -> None:
    assert mail_server(url) == server
    assert Environment(email_url=SecretStr(url)).mail_server == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org:587",
        "https://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:99999",
        "smtp://mail.example.org/?tls=perhaps",
        "smtp://mail.example.org/?tsl=none",
        "smtp://mail.example.org/folder",
    ],
)
def test_what_is_no_mail_server_is_refused_with_the_form_and_without_the_password(url: str) -> None:
    with pytest.raises(ValidationError, match="write smtp://user:password@host:587"):
        Environment(email_url=SecretStr(url))
    with pytest.raises(ValidationError) as refused:
        Environment(email_url=SecretStr(f"{url}?hunter2"))
    assert "hunter2" not in str(refused.value)


def test_a_server_does_not_tell_its_password() -> None:
    assert "hunter2" not in repr(mail_server("smtp://kim:hunter2@mail.example.org"))


def test_the_sender_is_an_address_or_made_of_the_domain() -> None:
    assert Environment(domain="madang.school").email_sender == "Madang <madang@madang.school>"
    assert Environment(email_from="Clubs <clubs@school.example>").email_sender.startswith("Clubs")
    for wrong in ("Clubs", "clubs@", "a@b\nBcc: c@d"):
        with pytest.raises(ValidationError, match="no sender"):
            Environment(email_from=wrong)


def test_tries_come_further_and_further_apart_but_at_least_hourly() -> None:
    waits = [wait_after(failures) for failures in range(1, 20)]
    assert waits[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert waits == sorted(waits)
    assert max(waits) == timedelta(hours=1)


def test_only_a_recipient_that_is_refused_for_good_ends_the_tries() -> None:
    assert is_final(smtplib.SMTPRecipientsRefused({"x@y.example": (550, b"no such user")}))
    assert not is_final(smtplib.SMTPRecipientsRefused({"x@y.example": (450, b"greylisted")}))
    assert not is_final(smtplib.SMTPAuthenticationError(535, b"who are you"))
    assert not is_final(ConnectionRefusedError())


def test_the_trouble_is_told_in_the_servers_words() -> None:
    refused = smtplib.SMTPRecipientsRefused({"x@y.example": (550, "그런 사람 없음".encode())})
    assert told(refused) == "the recipient was refused: 550 그런 사람 없음"
    assert told(smtplib.SMTPDataError(552, b"too much")) == "552 too much"
    assert told(TimeoutError("timed out")) == "TimeoutError: timed out"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/welcome/PX3v8mYzrVQq1oZ4", "/welcome/…"),
        ("/invitations/PX3v8mYzrVQq1oZ4?x=1", "/invitations/…"),
        ("/apply/confirm/12:1uWx:PX3v8mYz", "/apply/confirm/…"),
        ("/notifications/confirm/12:1uWx:PX3v8mYz", "/notifications/confirm/…"),
        ("/notifications/stop/12:PX3v8mYzAAA", "/notifications/stop/…"),
        ("/apply/12:PX3v8mYzrVQq1oZ4", "/apply/…"),
        ("/login?next=/welcome/PX3v8mYzrVQq1oZ4", "/login?next=/welcome/…"),
        ("/login?next=%2Fwelcome%2FPX3v8mYzrVQq1oZ4", "/login?next=%2Fwelcome%2F…"),
        ("/apply/sent", "/apply/sent"),
        ("/clubs/robots/site", "/clubs/robots/site"),
    ],
)
def test_a_link_that_opens_something_is_not_written_into_the_log(path: str, shown: str) -> None:
    record = logging.LogRecord("uvicorn.access", 20, "", 0, "%s %s %s", None, None)
    record.args = ("192.0.2.9:1", "GET", path, "1.1", 200)
    assert NoLinks().filter(record)
    assert record.args == ("192.0.2.9:1", "GET", shown, "1.1", 200)


@pytest.mark.parametrize(
    ("logger", "said", "args", "extra"),
    [
        ("django.security.csrf", "Forbidden (%s): %s", ("CSRF cookie not set.", "/welcome/PX3v8mYzrVQ"), {}),
        ("django.request", "%s: %s", ("Internal Server Error", "/invitations/PX3v8mYzrVQ"), {}),
        ("portal.web.errors", "page failed", (), {"path": "/password/reset/1-PX3v8mYzrVQ"}),
    ],
)
def test_a_link_whose_page_failed_is_not_written_into_the_log(
    logger: str, said: str, args: tuple[str, ...], extra: dict[str, str]
) -> None:
    record = logging.LogRecord(logger, 40, "", 0, said, args, None)
    vars(record).update(extra)
    written = JsonFormatter().format(record)
    assert "PX3v8mYzrVQ" not in written
    assert "/…" in written


def test_a_line_of_the_log_holds_nothing_that_a_terminal_obeys_and_is_the_same_json() -> None:
    path = "/\x9b2J\x1b[31m\x7f마당"
    record = logging.LogRecord("portal.web.errors", 40, "", 0, "page failed", (), None)
    vars(record).update(path=path)
    written = JsonFormatter().format(record)
    assert all(letter.isprintable() for letter in written)
    assert json.loads(written)["path"] == path

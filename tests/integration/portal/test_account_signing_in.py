"""Signing in and out: by e-mail address and password, with a second factor, from several places."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse
from portal.accounts import forgotten_sessions
from portal.accounts.models import AuditEntry, User
from portal.clubs.actions import create_club
from portal.clubs.models import Membership
from portal.encryption import decrypt
from portal.mail.models import OutgoingMail

from tests.integration.portal.scene import BY

PASSWORD = "a long and good password"
MINJI = "minji@school.example"


@pytest.fixture
def minji(clean: None) -> User:
    cache.clear()
    user = User.objects.create_user("minji", MINJI, PASSWORD, first_name="김민지")
    EmailAddress.objects.create(user=user, email=MINJI, verified=True, primary=True)
    Membership.objects.create(club=create_club(by=BY, slug="chess", name="Chess"), user=user, role="member")
    return user


def browser(**settings: Any) -> Client:
    return Client(headers={"accept-language": "en", "user-agent": "Mozilla/5.0 (X11; Linux) Firefox/150.0"})


def sign_in(client: Client, email: str = MINJI, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login", {"login": email, "password": password, **more})


def code_of(user: User) -> str:
    from allauth.mfa.adapter import get_adapter

    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    return code(get_adapter().decrypt(stored))


def code(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def test_a_member_signs_in_by_address_and_password_and_lands_at_their_club(minji: User) -> None:
    client = browser()
    answer = sign_in(client)
    assert answer.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/clubs/chess"


def test_who_was_sent_to_sign_in_comes_back_and_nobody_is_sent_elsewhere(minji: User) -> None:
    client = browser()
    sent = client.get("/account/sessions").headers["Location"]
    assert sent == "/login?next=/account/sessions"
    assert sign_in(client, next="/account/sessions").headers["Location"] == "/account/sessions"
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        other = browser()
        assert sign_in(other, next=elsewhere).headers["Location"] == "/"
        back = other.post("/theme", {"theme": "dark", "next": elsewhere}).headers["Location"]
        assert back == "/"


def test_who_was_signed_out_meanwhile_comes_back_to_their_page_and_hears_that_nothing_was_changed(
    minji: User,
) -> None:
    sender = {"referer": "http://testserver/account?tab=one"}
    for referer, back in (
        (sender, "/account?tab=one"),
        ({}, "/"),
        ({"referer": "https://evil.example/x"}, "/"),
        ({"referer": "http://testserver//evil.example/x"}, "/"),
    ):
        client = browser()
        answer = client.post("/account/sessions", {"end": "others"}, headers=referer)
        assert answer.headers["Location"] == f"/login?{urlencode({'next': back}, safe='/')}"
        assert "nothing was changed" in client.get(answer.headers["Location"]).content.decode()


def test_a_part_of_a_page_takes_the_whole_page_to_sign_in(minji: User) -> None:
    """Not the page of signing in into the page that has it fetched."""
    part = {"HX-Request": "true", "HX-Current-URL": "http://testserver/clubs/chess?q=a"}
    answer = browser().get("/clubs/chess", headers=part)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["HX-Redirect"] == f"/login?{urlencode({'next': '/clubs/chess?q=a'}, safe='/')}"


def test_after_a_refused_form_the_language_switch_leads_to_the_page_of_the_form(minji: User) -> None:
    client = browser()
    sign_in(client)
    page = client.post("/account", {"name": ""}, headers={"referer": "http://testserver/account?from=here"})
    assert 'name="next" value="/account?from=here"' in page.content.decode()


def test_a_wrong_password_and_an_unknown_address_look_the_same(minji: User) -> None:
    answers = [sign_in(browser(), MINJI, "wrong"), sign_in(browser(), "nobody@school.example", "wrong")]
    texts = {re.sub(r'(value="|X-CSRFToken": ")[^"]*', r"\1", answer.content.decode()) for answer in answers}
    assert len(texts) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert "not correct" in texts.pop()


@override_settings(EMAIL_BACKEND="portal.mail.outbox.Outbox")
def test_a_lost_password_is_mailed_a_link_that_works_once_and_strangers_learn_nothing(minji: User) -> None:
    client = browser()
    known, unknown = (
        client.post("/password/reset", {"email": each}) for each in (MINJI, "no@school.example")
    )
    assert known.headers["Location"] == unknown.headers["Location"] == "/password/reset/sent"
    (mail,) = OutgoingMail.objects.all()
    (link,) = re.findall(r"http://madang\.localhost:8000(/password/reset/\S+)", decrypt(mail.encrypted_body))
    form = client.get(link, follow=True)
    chosen = "another good password"
    changed = client.post(form.request["PATH_INFO"], {"password1": chosen, "password2": chosen})
    assert changed.headers["Location"] == "/password/reset/done"
    assert sign_in(browser(), password=chosen).headers["Location"] == "/"
    assert "spent" in browser().get(link, follow=True).content.decode()


def test_there_is_no_open_sign_up(minji: User) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    assert browser().get("/signup").status_code == 404
    assert browser().post("/login/oidc-unknown").status_code in {302, 404}
    assert User.objects.count() == 1


def test_guessing_passwords_is_slowed_down(minji: User) -> None:
    said = [sign_in(browser(), password=f"guess {number}").content.decode() for number in range(8)]
    assert "Too many failed" in said[-1]
    assert "Too many failed" in sign_in(browser()).content.decode(), (
        "the right one does not help while it lasts"
    )


def test_signing_in_goes_on_without_redis(minji: User) -> None:
    from django.conf import settings

    away = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    with override_settings(CACHES=away):
        assert sign_in(browser()).headers["Location"] == "/"


def test_sessions_are_seen_and_ended_from_another(minji: User) -> None:
    here, there = browser(), browser()
    sign_in(here)
    sign_in(there)
    page = here.get("/account/sessions").content.decode()
    assert page.count("Firefox on Linux") >= 2
    assert "127.0.0.1" in page
    (other,) = re.findall(r'name="end" value="(\d+)"', page)
    assert here.post("/account/sessions", {"end": other}).status_code == 302
    assert there.get("/account").headers["Location"].startswith("/login")
    assert here.get("/account").status_code == 200


def test_sessions_that_ran_out_leave_nothing_behind(minji: User) -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    old, fresh = browser(), browser()
    sign_in(old)
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    sign_in(fresh)
    forgotten_sessions.forget()
    assert Session.objects.count() == UserSession.objects.count() == 1
    assert fresh.get("/account").status_code == 200


def test_nobody_ends_anothers_session(minji: User) -> None:
    mine, theirs = browser(), browser()
    sign_in(mine)
    User.objects.create_user("other", "other@school.example", PASSWORD)
    sign_in(theirs, "other@school.example")
    session = UserSession.objects.get(user=minji)
    theirs.post("/account/sessions", {"end": str(session.pk)})
    assert mine.get("/account").status_code == 200


def test_a_second_factor_is_asked_for_and_kept_encrypted(
    minji: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The half minute of a code does not end between its display and its sending.
    counters = list(totp.yield_hotp_counters_from_time())
    monkeypatch.setattr(totp, "yield_hotp_counters_from_time", lambda: iter(counters))
    client = browser()
    sign_in(client)
    again = client.get("/account/two-factor/app").headers["Location"]
    assert again.startswith("/account/again")
    client.post(again, {"password": PASSWORD})
    secret = client.get("/account/two-factor/app").context["form"].secret
    client.post("/account/two-factor/app", {"code": code(secret)})
    stored = Authenticator.objects.get(user=minji, type="totp")
    assert secret not in str(stored.data)

    cache.clear()  # a code works once; the next sign-in is a later one
    fresh = browser()
    answer = sign_in(fresh)
    assert answer.headers["Location"].startswith("/login/code")
    assert fresh.get("/account").headers["Location"].startswith("/login"), "not in yet"
    assert fresh.post("/login/code", {"code": "000000"}).status_code == 200
    assert fresh.post("/login/code", {"code": code_of(minji)}).headers["Location"] == "/"
    assert fresh.get("/account").status_code == 200


def test_a_profile_is_kept_and_the_language_follows_its_owner(minji: User) -> None:
    client = browser()
    sign_in(client)
    answer = client.post("/account", {"name": "민지 Kim", "language": "ko", "theme": "dark"})
    assert answer.status_code == 302
    minji.refresh_from_db()
    assert (minji.first_name, minji.language, minji.theme) == ("민지 Kim", "ko", "dark")
    assert AuditEntry.objects.filter(actor="person:minji", action="set_profile").exists()
    elsewhere = browser()
    sign_in(elsewhere)
    page = elsewhere.get("/account").content.decode()
    assert '<html lang="ko" data-theme="dark">' in page
    refused = client.post("/account", {"name": "", "language": "xx", "theme": "dark"})
    assert refused.status_code == 422
    assert refused.content.decode().count("field-error") == 2


def test_a_person_who_is_made_inactive_is_out_at_once(minji: User) -> None:
    client = browser()
    sign_in(client)
    User.objects.filter(pk=minji.pk).update(is_active=False)
    assert client.get("/account").headers["Location"].startswith("/login")
    assert sign_in(browser()).status_code == 302

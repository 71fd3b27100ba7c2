"""The pages on who is told of what: of a club and of a person, in both languages."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from portal.accounts.models import User
from portal.clubs.models import Club
from portal.encryption import decrypt
from portal.notifications.models import Channel, Delivery

from tests.integration.portal.scene import some_project
from tests.integration.portal.test_notifications import member

pytestmark = pytest.mark.usefixtures("clean")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def club() -> Club:
    return some_project().club


@pytest.fixture
def browser(club: Club) -> Client:
    """A maintainer's."""
    return signed_in(member(club, "minji", "maintainer"))


def signed_in(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend=BACKEND)
    return client


def form(**given: object) -> dict[str, object]:
    right = {"kind": "webhook", "name": "Our bot", "target": "https://example.org/hook", "events": ["live"]}
    return right | given


def test_a_new_webhooks_secret_is_shown_once_and_its_target_never(club: Club, browser: Client) -> None:
    url = f"/clubs/{club.slug}/notifications"
    assert "Nobody is told of anything yet." in browser.get(url).content.decode()
    made = browser.post(url, form(), follow=True)
    channel = Channel.objects.get()
    assert made.redirect_chain == [(f"{url}?added={channel.pk}", 302)]
    assert channel.encrypted_secret is not None
    secret = decrypt(channel.encrypted_secret)
    assert secret in made.content.decode()
    assert made.headers["cache-control"].startswith("max-age=0")
    reloaded = browser.get(f"{url}?added={channel.pk}").content.decode()
    assert secret not in reloaded
    assert "A secret is shown once" in reloaded
    assert Channel.objects.count() == 1
    again = browser.get(url).content.decode()
    assert secret not in again
    assert "/hook" not in again
    assert "example.org/…" in again


def test_a_refusal_stands_in_three_lines_and_keeps_what_was_typed(club: Club, browser: Client) -> None:
    answer = browser.post(f"/clubs/{club.slug}/notifications", form(target="http://169.254.169.254/"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "This address is not reachable from outside." in text
    assert 'value="Our bot"' in text
    assert not Channel.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"), [({"events": []}, "at least one event"), ({"target": ""}, "address")]
)
def test_what_is_missing_is_said_at_its_field(
    club: Club, browser: Client, given: dict[str, object], said: str
) -> None:
    answer = browser.post(f"/clubs/{club.slug}/notifications", form(**given))
    errors = re.findall(r'class="field-error"[^>]*>([^<]*)<', answer.content.decode())
    assert answer.status_code == 422
    assert any(said in error for error in errors)


def test_a_channel_is_tested_changed_and_removed(club: Club, browser: Client) -> None:
    url = f"/clubs/{club.slug}/notifications"
    browser.post(url, form(kind="slack", target="https://hooks.slack.com/services/T/B/x"))
    channel = Channel.objects.get()
    shown = browser.post(f"{url}/{channel.pk}/test", follow=True).content.decode()
    assert Delivery.objects.get().channel == channel
    assert "on its way" in shown
    browser.post(f"{url}/{channel.pk}/events", {"events": ["gap", "budget"]})
    channel.refresh_from_db()
    assert channel.events == ["gap", "budget"]
    assert browser.post(f"{url}/{channel.pk}/events", {"events": ["nonsense"]}).status_code == 422
    browser.post(f"{url}/{channel.pk}/remove")
    assert not Channel.objects.exists()
    assert browser.post(f"{url}/{channel.pk}/remove").status_code == 404


def test_a_persons_mails_go_to_their_own_address_alone(club: Club, browser: Client) -> None:
    browser.post("/account/notifications", form(kind="email", target="victim@elsewhere.example"))
    assert decrypt(Channel.objects.get().encrypted_target) == "minji@school.example"


def test_requests_are_offered_to_operators_alone(club: Club, browser: Client) -> None:
    boss = User.objects.create(username="boss", email="boss@school.example", is_superuser=True)
    wanted = form(kind="email", target="", events=["request"])
    assert browser.post("/account/notifications", wanted).status_code == 422
    assert signed_in(boss).post("/account/notifications", wanted).status_code == 302
    assert Channel.objects.get().user == boss


def test_anothers_channel_is_not_there(club: Club, browser: Client) -> None:
    other = signed_in(member(some_project().club, "other", "owner"))
    browser.post("/account/notifications", form())
    channel = Channel.objects.get()
    for name in ("test", "events", "remove"):
        answer = other.post(f"/account/notifications/{channel.pk}/{name}", {"events": ["live"]})
        assert answer.status_code == 404
    assert other.get(f"/clubs/{club.slug}/notifications").status_code == 404


def test_names_and_answers_are_never_html(club: Club, browser: Client) -> None:
    url = f"/clubs/{club.slug}/notifications"
    browser.post(url, form(name="<script>alert(1)</script>"))
    channel = Channel.objects.get()
    browser.post(f"{url}/{channel.pk}/test")
    Delivery.objects.update(state="failed", answer="<img src=x onerror=alert(1)>")
    text = browser.get(url).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("Nobody has confirmed this address.", "아무도 이 주소를 확인하지 않았어요."),
        ("No answer: the name x.example is not known", "응답이 없어요: the name x.example is not known"),
        ("404 Not Found", "404 Not Found"),
    ],
)
def test_how_a_message_went_is_told_in_the_readers_language(
    club: Club, browser: Client, kept: str, shown: str
) -> None:
    url = f"/clubs/{club.slug}/notifications"
    browser.post(url, form())
    browser.post(f"{url}/{Channel.objects.get().pk}/test")
    Delivery.objects.update(state="failed", answer=kept)
    assert shown in browser.get(url, headers={"accept-language": "ko"}).content.decode()

"""Signing in by the school's own accounts (OpenID Connect): who has an account here is still ours to say."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client, override_settings
from portal.accounts.models import User

from tests.integration.portal.oidc_issuer import CLIENT, SECRET, Issuer, running_issuer

MINJI = "minji@school.example"


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> Request | None:
        return None


@pytest.fixture
def issuer(clean: None) -> Iterator[Issuer]:
    cache.clear()
    with running_issuer() as issuer:
        app = {
            "provider_id": "school",
            "name": "Hana School",
            "client_id": CLIENT,
            "secret": SECRET,
            "settings": {"server_url": issuer.url, "scope": ["openid", "profile", "email"]},
        }
        apps = {"openid_connect": {"APPS": [app]}}
        with override_settings(SOCIALACCOUNT_PROVIDERS=apps, SOCIALACCOUNT_REQUESTS_TIMEOUT=240):
            yield issuer


@pytest.fixture
def minji(issuer: Issuer) -> User:
    user = User.objects.create_user("minji", MINJI, first_name="Minji")
    EmailAddress.objects.create(user=user, email=MINJI, verified=True, primary=True)
    return user


def come_back(client: Client) -> str:
    """Through the school's page; gives where the portal's answer leads, or its text."""
    sent = client.post("/login/oidc/school").headers["Location"]
    try:
        build_opener(_Stay()).open(sent)
    except OSError as redirect:
        back = urlsplit(redirect.headers["Location"])  # type: ignore[attr-defined]
    answer = client.get(f"{back.path}?{back.query}")
    return answer.headers.get("Location") or answer.content.decode()


def test_the_sign_in_page_offers_the_school(issuer: Issuer) -> None:
    page = Client(headers={"accept-language": "en"}).get("/login").content.decode()
    assert "Sign in with Hana School" in page
    assert 'action="/login/oidc/school' in page


def test_who_has_an_account_comes_in_by_the_schools_word(issuer: Issuer, minji: User) -> None:
    issuer.person = {"sub": "4711", "email": MINJI, "email_verified": True}
    client = Client()
    assert come_back(client) == "/"
    assert client.get("/account").context["request"].user == minji
    issuer.person["email"] = "minji.kim@school.example"  # the address may change: the school's number stays
    assert come_back(Client()) == "/"
    assert SocialAccount.objects.get().user == minji


@pytest.mark.parametrize("verified", [True, False])
def test_nobody_gets_an_account_that_way(issuer: Issuer, minji: User, verified: bool) -> None:
    issuer.person = {"sub": "1", "email": "stranger@school.example", "email_verified": verified}
    client = Client(headers={"accept-language": "en"})
    told = come_back(client)
    assert "No account yet" in (client.get(told).content.decode() if told.startswith("/") else told)
    assert client.get("/account").status_code == 302
    assert User.objects.count() == 1


def test_an_address_that_the_school_did_not_check_opens_nothing(issuer: Issuer, minji: User) -> None:
    issuer.person = {"sub": "2", "email": MINJI, "email_verified": False}
    client = Client()
    come_back(client)
    assert client.get("/account").status_code == 302


def test_an_answer_that_nobody_asked_for_is_refused(issuer: Issuer, minji: User) -> None:
    issuer.person = {"sub": "4711", "email": MINJI, "email_verified": True}
    client = Client()
    client.get("/login/oidc/school/callback?code=x&state=y")
    assert client.get("/account").status_code == 302

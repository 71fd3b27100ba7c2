"""What every answer carries, and what is refused before a view sees it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.test import Client
from portal.accounts.models import User

PAGES = ["/", "/login", "/status", "/nowhere"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_lets_no_script_in_that_is_not_ours(clean: None, path: str) -> None:
    headers = Client().get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_page_and_its_part_are_two_things_to_a_browsers_cache(clean: None) -> None:
    """Else Back shows the part that htmx fetched last from the page's address, alone."""
    for headers in ({}, {"HX-Request": "true"}):
        for path in ("/", "/status", "/login"):
            assert "HX-Request" in Client().get(path, headers=headers).headers["Vary"]
    assert "HX-Request" not in Client().get("/api/v1/openapi.json").headers.get("Vary", "")


def test_a_page_holds_no_inline_script_or_style(clean: None) -> None:
    for path in PAGES:
        page = Client().get(path).content.decode()
        assert "<style" not in page
        assert ' style="' not in page
        assert "<script>" not in page
        assert " onclick" not in page


def test_pages_answer_by_their_own_names_and_machines_by_any(clean: None) -> None:
    client = Client()
    for host in ("evil.example", "madang.localhost.evil.example", "10.0.0.7:8000", "", "a\\b"):
        answer = client.get("/", headers={"host": host})
        assert answer.status_code == 400
        assert "evil" not in answer.content.decode()
        assert (
            client.post("/password/reset", {"email": "a@b.example"}, headers={"host": host}).status_code
            == 400
        )
    for path in ("/healthz", "/api/v1/openapi.json"):
        assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
    for host in ("madang.localhost", "MADANG.localhost:8000"):
        assert client.get("/", headers={"host": host}).status_code == 200


def test_a_form_from_elsewhere_changes_nothing_and_says_why(clean: None) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    answer = client.post("/theme", {"theme": "dark"})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()
    assert "theme" not in answer.cookies


def test_names_are_never_html(clean: None) -> None:
    user = User.objects.create_user("evil", "evil@school.example", first_name="<script>alert(1)</script>")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for path in ("/account", "/"):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_behind_https_cookies_stay_with_the_host_and_browsers_stay_with_https() -> None:
    ask = (
        "from django.conf import settings as s; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, "
        "s.LANGUAGE_COOKIE_SECURE, s.SECURE_HSTS_SECONDS, s.SESSION_COOKIE_HTTPONLY, "
        "s.SESSION_COOKIE_SAMESITE)"
    )
    environment = {
        **os.environ,
        "MADANG_PUBLIC_URL": "https://madang.example",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    said = subprocess.run(
        [sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "__Host-session __Host-csrf True True True 31536000 True Lax"


def test_what_a_page_says_once_stands_in_no_cookie(clean: None) -> None:
    """A project on a subdomain can set cookies without a prefix, also one that Madang gave to its maker."""
    user = User.objects.create_user("mina", "mina@school.example", first_name="Mina")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post("/account", {"name": "Mina Kim", "language": "en", "theme": "system"})
    assert answer.status_code == 302
    assert "messages" not in answer.cookies
    assert "Saved." in client.get("/account").content.decode()


def test_a_page_that_fails_says_whose_mistake_it_was_and_a_number(
    clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.web.pages.front import status

    def fail() -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(status, "standing", fail)
    answer = Client(raise_request_exception=False).get("/status")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "It was not your code" in page
    assert "boom" not in page

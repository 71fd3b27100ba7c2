"""The page that somebody comes back to, whatever their browser says."""

from __future__ import annotations

import os

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.test import RequestFactory  # noqa: E402
from django_htmx.middleware import HtmxDetails  # noqa: E402 - it needs Django's settings
from portal.web.origin import page_of  # noqa: E402

BROKEN = "http://[not-an-address/"


@pytest.mark.parametrize(
    ("headers", "page"),
    [
        ({"referer": "http://testserver/account?tab=one"}, "/account?tab=one"),
        ({"referer": "http://testserver"}, "/"),
        ({"referer": "https://evil.example/x"}, "/"),
        ({"referer": "http://testserver//evil.example/x"}, "/"),
        ({"referer": BROKEN}, "/"),
        ({"referer": "http://testserver/account", "host": "no name!"}, "/"),
        ({}, "/"),
    ],
)
def test_a_form_leads_back_to_its_page(headers: dict[str, str], page: str) -> None:
    assert page_of(RequestFactory().post("/sent", headers=headers)) == page


@pytest.mark.parametrize(
    ("told", "page"), [("http://testserver/clubs/chess?q=a", "/clubs/chess?q=a"), (BROKEN, "/"), ("", "/")]
)
def test_a_part_leads_back_to_the_page_that_it_is_of(told: str, page: str) -> None:
    request = RequestFactory().get("/part", headers={"HX-Request": "true", "HX-Current-URL": told})
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    assert page_of(request) == page

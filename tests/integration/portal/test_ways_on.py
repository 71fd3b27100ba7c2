"""A page that says no says where to go on, in the reader's language, and the way is open to that reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.translation import override
from portal.clubs.models import Club

from tests.integration.portal.scene import some_project
from tests.integration.portal.visitors import visit

Answer = Any
START = {"en": "To the start", "ko": "처음으로"}
TO_THE_CLUB = {"en": "On to the club", "ko": "동아리로"}


def dead_link(_: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    client = Client(headers=headers)
    return client, client.get("/notifications/stop/not-a-link")


def dead_invitation(_: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    client = Client(headers=headers)
    return client, client.get("/invitations/not-a-link")


def strangers_nowhere(_: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    client = Client(headers=headers)
    return client, client.get("/nowhere")


def members_nowhere(club: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    client = visit(club)
    return client, client.get(f"/clubs/{club.slug}/no-such-project", headers=headers)


def another_clubs(club: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    client = visit(club)
    return client, client.get(f"/clubs/{some_project().club.slug}", headers=headers)


def for_owners(club: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    client = visit(club)
    return client, client.get(f"/clubs/{club.slug}/audit", headers=headers)


def what_is_only_sent_to(club: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    """As after a reload of what a refused form answered."""
    client = visit(club, "owner")
    asked = reverse("club-budget-ask", args=[club.slug])
    return client, client.get(asked, headers={**headers, "accept": "text/html,*/*;q=0.8"})


def form_of_elsewhere(_: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    client = Client(enforce_csrf_checks=True, headers=headers)
    return client, client.post("/theme", {"theme": "dark"})


def too_often(_: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    """allauth's own page, which it shows to whoever signs in again and again."""
    from allauth.core.ratelimit import respond_429

    client = Client(headers=headers)
    request = RequestFactory(headers=headers).get("/login")
    with override(headers["accept-language"]):
        return client, respond_429(request)


def mistake(_: Club, headers: dict[str, str]) -> tuple[Client, Answer]:
    from portal.web.errors import mistake

    return Client(headers=headers), mistake(RequestFactory(headers=headers).get("/"))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("ask", "status", "in_club"),
    [
        (strangers_nowhere, 404, False),
        (members_nowhere, 404, True),
        (another_clubs, 404, False),
        (for_owners, 403, True),
        (what_is_only_sent_to, 405, True),
        (form_of_elsewhere, 403, False),
        (dead_link, 410, False),
        (dead_invitation, 410, False),
        (too_often, 429, False),
        (mistake, 500, False),
    ],
)
def test_there_is_a_way_on_that_is_open(
    clean: None,
    ask: Callable[[Club, dict[str, str]], tuple[Client, Answer]],
    status: int,
    in_club: bool,
    language: str,
) -> None:
    club = some_project().club
    client, answer = ask(club, {"accept-language": language})
    page = answer.content.decode()
    assert answer.status_code == status
    main = page[page.index("<main") : page.index("</main>")]
    ways = re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', main, re.DOTALL)
    assert ways, main
    for way, _ in ways:
        assert client.get(way, follow=True).status_code == 200, way
    words = " ".join(text for _, text in ways)
    assert START[language] in words or ask is dead_invitation
    assert (TO_THE_CLUB[language] in words) is in_club

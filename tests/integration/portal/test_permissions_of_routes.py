"""The table of who may, over every route there is: each role, in the own club, in another, and in none."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.conf import settings
from django.test import Client, override_settings
from portal import urls
from portal.accounts.models import User
from portal.clubs.actions import create_club
from portal.clubs.models import Membership
from portal.web import permissions
from portal.web.permissions import PERMISSIONS, Access, access

from tests.integration.portal.routes import LET_IN, Route, forbidden, missing, nameless, routes
from tests.integration.portal.scene import BY

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
OWN, OTHER, NONE = "chess", "robotics", "no-such-club"
OPEN = {Access.PUBLIC, Access.SIGNED, Access.KEY}
OF_CLUBS = {
    Access.MEMBER: {"member", "maintainer", "owner"},
    Access.MAINTAINER: {"maintainer", "owner"},
    Access.OWNER: {"owner"},
}
ALL = routes()


@pytest.fixture(scope="module")
def visitors(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[dict[str, Client]]:
    """One of each role; members of all three kinds belong to OWN, the stranger owns OTHER."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        own, other = (create_club(by=BY, slug=slug, name=slug) for slug in (OWN, OTHER))
        made = {"anonymous": Client()}
        for name in ("person", "stranger", "member", "maintainer", "owner", "operator", "inactive"):
            user = User.objects.create(username=name, is_superuser=name == "operator")
            if name in OF_CLUBS[Access.MEMBER]:
                Membership.objects.create(club=own, user=user, role=name)
            if name in {"stranger", "inactive"}:
                Membership.objects.create(club=other, user=user, role="owner")
            made[name] = Client()
            made[name].force_login(user, backend=BACKEND)
        User.objects.filter(username="inactive").update(is_active=False, is_superuser=True)
        behind = [*settings.MIDDLEWARE, "tests.integration.portal.routes.LetIn"]
        with override_settings(MIDDLEWARE=behind):
            for client in made.values():
                client.handler.load_middleware()
            yield made
        User.objects.all().delete()
        own.delete()
        other.delete()


@pytest.fixture
def curt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is its status alone: its page, made thousands of times, is the last test's."""
    monkeypatch.setattr(urls, "handler403", forbidden)
    monkeypatch.setattr(urls, "handler404", missing)


@pytest.mark.usefixtures("curt")
@pytest.mark.parametrize("route", ALL, ids=lambda route: route.name)
def test_the_table_holds_for_every_role_and_club(visitors: dict[str, Client], route: Route) -> None:
    wanted = access(route.name)
    assert wanted is not None, f"{route.name} is not in portal/web/permissions.py"
    for club in (OWN, OTHER, NONE) if route.of_a_club else ("",):
        for role, client in visitors.items():
            for method in ("get", "post"):
                answer = getattr(client, method)(route.address(club))
                seen = (
                    "login"
                    if answer.headers.get("Location", "").startswith("/login?next=")
                    else answer.status_code
                )
                assert seen == expected(wanted, role, club), f"{method} {route.name} in {club!r} as {role}"


def expected(wanted: Access, role: str, club: str) -> int | str:
    """What the rules say, in other words than the gate's."""
    if wanted in OPEN:
        return LET_IN
    if role in {"anonymous", "inactive"}:
        return "login"
    if wanted is Access.OPERATOR:
        return LET_IN if role == "operator" else 404
    if wanted is Access.PERSON and not club:
        return LET_IN
    if club == NONE:
        return 404
    if role == "operator":
        return LET_IN
    belongs = role == "stranger" if club == OTHER else role in OF_CLUBS[Access.MEMBER]
    if not belongs:
        return 404
    rank = "owner" if role == "stranger" else role
    return LET_IN if wanted is Access.PERSON or rank in OF_CLUBS[wanted] else 403


@pytest.mark.usefixtures("curt")
def test_a_route_outside_the_table_is_there_for_nobody(visitors: dict[str, Client]) -> None:
    with patch.dict(permissions.PERMISSIONS, clear=True):
        for route in ALL:
            for client in (visitors["operator"], visitors["owner"], visitors["anonymous"]):
                assert client.get(route.address(OWN)).status_code == 404, route.name


def test_every_route_has_a_name_and_the_table_names_no_other() -> None:
    assert nameless() == []
    known = {route.name for route in ALL}
    spaces = {name.partition(":")[0] for name in known if ":" in name}
    stale = {name for name in PERMISSIONS if name not in known and name.removesuffix(":*") not in spaces}
    assert stale == set()


def test_another_clubs_page_answers_like_one_that_is_not_there(visitors: dict[str, Client]) -> None:
    for route in ALL:
        if route.of_a_club and access(route.name) not in OPEN:
            bodies = set()
            for club in (OTHER, NONE):
                address = route.address(club)
                answer = visitors["member"].get(address)
                bodies.add(answer.content.decode().replace(address, "ADDRESS").replace(club, "CLUB"))
                assert answer.status_code == 404
            assert len({_without_tokens(body) for body in bodies}) == 1, route.name


def _without_tokens(body: str) -> str:
    import re

    return re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]*', r"\1", body)

"""People of a club, signed in."""

from __future__ import annotations

import secrets

from django.test import AsyncClient, Client
from portal.accounts.models import User
from portal.clubs.models import Club, Membership


def person(club: Club, role: str = "member") -> User:
    """Somebody who belongs to the club; with the role operator, somebody who runs the platform."""
    user = User.objects.create_user(username=f"u{secrets.token_hex(4)}", password=secrets.token_hex(8))
    if role == "operator":
        User.objects.filter(pk=user.pk).update(is_superuser=True)
        user.refresh_from_db()
    else:
        Membership.objects.create(club=club, user=user, role=role)
    return user


def visit(club: Club, role: str = "member") -> Client:
    client = Client()
    client.force_login(person(club, role), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def visit_in_loop(user: User) -> AsyncClient:
    """For the views of an event loop; the session is made in a thread of its own."""
    client = AsyncClient()
    signed_in = Client()
    signed_in.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies.update(signed_in.cookies)
    return client

"""People of a club, signed in."""

from __future__ import annotations

import secrets

from django.test import Client
from portal.accounts.models import User
from portal.clubs.models import Club, Membership

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


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
    client.force_login(person(club, role), backend=BACKEND)
    return client

"""Whoever proved who they are by a link is signed in, as after a password."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login

from portal.accounts.models import User
from portal.web.request import PageRequest


def sign_in(request: PageRequest, user: User) -> None:
    """Begins a new session."""
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])


def signed_in(request: PageRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None

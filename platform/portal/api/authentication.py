"""`Authorization: Bearer mdg_…`."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from portal.accounts.principal import Principal
from portal.accounts.selectors import authenticate
from portal.threads import database


class KeyBearer(HttpBearer):
    """An access key; the principal is then `principal(request)`."""

    def authenticate(self, request: HttpRequest, token: str) -> Principal | None:
        found = authenticate(token)
        return found.at(address(request)) if found else None


class AsyncKeyBearer(HttpBearer):
    """The same, for views that run in the event loop."""

    async def authenticate(self, request: HttpRequest, token: str) -> Principal | None:
        found = await database(authenticate, token)
        return found.at(address(request)) if found else None


def principal(request: HttpRequest) -> Principal:
    """Who asks; only behind one of the two above."""
    return cast("Principal", request.auth)  # type: ignore[attr-defined]


def address(request: HttpRequest) -> str:
    """Where the request came from (`portal.forwarded`)."""
    return str(request.META.get("REMOTE_ADDR", ""))[:64]

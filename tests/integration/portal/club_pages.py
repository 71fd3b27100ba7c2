"""People of a club, each with a browser, and what their pages say."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client
from portal.accounts.models import User
from portal.clubs.models import Club, Membership

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def browser(username: str, club: Club | None = None, role: str = "", **fields: Any) -> Client:
    """Of somebody who is signed in, and belongs to the club in this role."""
    user, _ = User.objects.get_or_create(
        username=username, defaults={"email": f"{username}@school.example", **fields}
    )
    if club is not None:
        Membership.objects.create(club=club, user=user, role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend=BACKEND)
    return client


def text(answer: Any) -> str:
    """What a reader sees: without tags, spaces as one."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def attributes(answer: Any, name: str) -> list[str]:
    """The values of an attribute wherever it stands."""
    return [html.unescape(value) for value in re.findall(rf'{name}="([^"]*)"', answer.content.decode())]

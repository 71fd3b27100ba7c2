"""Where a page is found from outside: for mails, messages and commands, which have no request."""

from __future__ import annotations

from django.urls import reverse

from portal.environment import environment


def public_address(route: str, *args: str) -> str:
    """The whole address of the page of that route name."""
    return environment().public_url.rstrip("/") + reverse(route, args=args)

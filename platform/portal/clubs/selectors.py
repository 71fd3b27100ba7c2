"""Reads of clubs."""

from __future__ import annotations

from portal.accounts.principal import Principal, Scope
from portal.clubs.models import Club
from portal.problems import not_found


def get(by: Principal, slug: str, scope: Scope = "read") -> Club:
    """The club as a whole, if it is there and `by` may; raises a 404 or 403 problem."""
    by.require(scope, club=slug)
    club = Club.objects.filter(slug=slug).first()
    if club is None:
        raise not_found(f"club {slug}")
    return club

"""What the gate knows of a request by the time a view sees it."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from portal.accounts.principal import Principal
from portal.clubs.models import Club


class PageRequest(HttpRequest):
    """The type of a page's request; nothing is ever made of this class.

    `club` and `role` are there on routes that name a club, `by` on all that need somebody signed in.
    """

    by: Principal
    club: Club
    role: str
    htmx: HtmxDetails

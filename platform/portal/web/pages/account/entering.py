"""Signs somebody in who has shown who they are in another way than by the login form."""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponseBase

from portal.accounts.models import User


def sign_in(request: HttpRequest, user: User, redirect_url: str) -> HttpResponseBase:
    """The session starts and the browser goes on to `redirect_url`; a second factor is asked for first."""
    response: HttpResponseBase = perform_login(
        request, user, email_verification="none", redirect_url=redirect_url
    )
    return response

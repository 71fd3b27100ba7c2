"""The language and the colours that somebody chose: a cookie for every visitor, kept for who is signed in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from portal.accounts.models import User
from portal.accounts.models.user import Theme

THEME_COOKIE = "theme"


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    wished = request.POST.get("language", "")
    response = _back(request)
    if wished in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=wished)
        remember_language(response, wished)
    return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    wished = request.POST.get("theme", "")
    response = _back(request)
    if wished in Theme.values:
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(theme=wished)
        remember_theme(response, wished)
    return response


def remember_language(response: HttpResponse, code: str) -> None:
    """From now on this browser sees the pages in that language; empty: as it asks."""
    if code:
        _remember(response, settings.LANGUAGE_COOKIE_NAME, code)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)


def remember_theme(response: HttpResponse, theme: str) -> None:
    _remember(response, THEME_COOKIE, theme)


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _back(request: HttpRequest) -> HttpResponseRedirect:
    wished = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wished, allowed_hosts=None, require_https=request.is_secure())
    return HttpResponseRedirect(wished if safe and wished.startswith("/") else "/")

"""`/help` and the guides below it, in the reader's language."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from portal.accounts.models import User
from portal.web.gate import is_operator
from portal.web.pages.help.guides import FOR_ALL, FOR_OPERATORS, guide


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The guides that are for whoever asks, each with its sections."""
    runs = isinstance(request.user, User) and is_operator(request.user)
    names = (*FOR_ALL, *FOR_OPERATORS) if runs else FOR_ALL
    guides = [guide(name, get_language() or "en") for name in names]
    return render(request, "web/help/home.html", {"guides": guides})


@require_safe
def for_all(request: HttpRequest, name: str) -> HttpResponse:
    if name not in FOR_ALL:
        raise Http404(f"no guide {name}")
    return _page(request, name)


@require_safe
def for_operators(request: HttpRequest, name: str) -> HttpResponse:
    return _page(request, name)


def _page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "web/help/guide.html", {"guide": guide(name, get_language() or "en")})

"""`/`: what Madang is for a visitor; whoever is signed in goes on to where they work."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from portal.accounts.models import User
from portal.clubs.models import Membership
from portal.environment import environment
from portal.web.gate import is_operator
from portal.web.pages.front.status import standing


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    if isinstance(user, User):
        slugs = list(
            Membership.objects.filter(user=user)
            .order_by("club__name")
            .values_list("club__slug", flat=True)[:1]
        )
        if is_operator(user):
            return redirect("/operator")
        if slugs:
            return redirect(f"/clubs/{slugs[0]}")
        return render(request, "web/front/nowhere.html")
    return render(request, "web/front/home.html", {"git_url": environment().git_url, "standing": standing()})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Only what is for everybody is worth finding."""
    lines = (
        "User-agent: *",
        "Allow: /$",
        "Allow: /apply$",
        "Allow: /help",
        "Disallow: /help/operators",
        "Disallow: /help/images",
        "Allow: /status$",
        "Allow: /static/",
        "Disallow: /",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For what asks without reading the page, which names it."""
    return redirect(static("web/logo.svg"), permanent=False)

"""`/notifications/confirm/<signed>` and `/notifications/stop/<signed>`: whoever reads an address's mails says
whether they are wanted. Nothing happens by opening a link: mail scanners open them all.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.api.authentication import address
from portal.notifications import confirming, stopping
from portal.notifications.letters import whose
from portal.notifications.models import Channel
from portal.signed_links import LinkRefused


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    try:
        if request.method == "GET":
            return _page(request, "confirm", confirming.find(token))
        channel = confirming.confirm(token=token, address=address(request))
    except LinkRefused:
        return _dead(request)
    return _page(request, "confirm", channel, done=True)


# A mail program posts by itself (RFC 8058), without a cookie; the link is the proof.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    try:
        if request.method == "GET":
            return _page(request, "stop", stopping.find(token))
        stopping.stop(token=token, address=address(request))
    except LinkRefused:
        return _dead(request)
    return _page(request, "stop", None, done=True)


def _page(request: HttpRequest, name: str, channel: Channel | None, *, done: bool = False) -> HttpResponse:
    context: dict[str, Any] = {"done": done, "whose": whose(channel) if channel else ""}
    return render(request, f"web/notifications/{name}.html", context)


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "web/notifications/link_dead.html", status=410)

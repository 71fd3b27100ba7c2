"""Which page somebody looks at: the one to come back to."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

SAFE_METHODS = ("GET", "HEAD")


def page_of(request: HttpRequest) -> str:
    """Its path and query: of a part that htmx fetches and of a form that was sent, the page's that they are
    of; the start where the browser does not say which, or what it says is no address."""
    try:
        return _told_by(request) or "/"
    except (DisallowedHost, ValueError):
        return "/"


def _told_by(request: HttpRequest) -> str | None:
    htmx = getattr(request, "htmx", None)
    if isinstance(htmx, HtmxDetails) and htmx:
        return htmx.current_url_abs_path
    if request.method in SAFE_METHODS:
        return request.get_full_path()
    sender = urlsplit(request.headers.get("Referer", ""))
    ours = sender.netloc == request.get_host() and not sender.path.startswith("//")
    return urlunsplit(("", "", sender.path, sender.query, "")) if ours else None

"""The admin's site: let in by our gate, signed in by our page, with what freedoms its scripts need."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from unfold.sites import UnfoldAdminSite

from portal.accounts.models import User
from portal.web.gate import is_operator

# Its scripts compute expressions, its style is partly inline. Only operators see these pages, and only here.
_POLICY = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}


class RepairSite(UnfoldAdminSite):
    site_title = site_header = "Madang"

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and is_operator(request.user)

    def admin_view(
        self, view: Callable[..., Any], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase = guarded(request, *args, **kwargs)
            response._csp_update = _POLICY  # type: ignore[attr-defined]
            return response

        return answer


site = RepairSite(name="admin")

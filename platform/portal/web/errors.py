"""What a page says when it cannot be shown: what happened, the evidence, what to do next."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from deployer.errors import DeployerError, Explanation
from portal.accounts.models import User
from portal.problems import Problem
from portal.translating import explained
from portal.web.refusing import with_refusal

logger = logging.getLogger(__name__)


class Refusals(MiddlewareMixin):
    """A problem that a view lets pass is shown as a page (or as its part, to htmx)."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Problem):
            return with_refusal(show(request, error.status, error.explanation), error)
        if isinstance(error, DeployerError):
            logger.warning("the cluster refused", extra={"explanation": error.explanation.to_dict()})
            return show(request, 503, error.explanation)
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Django's answer to a browser that opens what is only sent to (a reload, an old tab) is an empty
        page."""
        if not isinstance(response, HttpResponseNotAllowed) or not _of_a_browser(request):
            return response
        told = Explanation(
            "only-sent-to",
            _("There is nothing to look at here: this address only takes what a form sends."),
            request.path,
            _("Nothing was changed. Go back to the page that the form is on."),
        )
        page = show(request, 405, told)
        page["Allow"] = response["Allow"]
        return page


@requires_csrf_token
def show(request: HttpRequest, status: int, explanation: Explanation) -> HttpResponse:
    template = "web/components/explained.html" if getattr(request, "htmx", False) else "web/explained.html"
    return render(request, template, {"told": explained(explanation), "status": status}, status=status)


def _of_a_browser(request: HttpRequest) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("Accept", "")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(
        request,
        400,
        Explanation(
            "bad-request",
            _("The browser sent something that this page does not understand."),
            "",
            _("Go back, load the page anew and try once more."),
        ),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    needs = str(exception.args[0]) if isinstance(exception, PermissionDenied) and exception.args else ""
    return show(
        request,
        403,
        Explanation(
            "forbidden",
            _("You may see this club, but not do this."),
            _("This is for: %(needs)s.") % {"needs": _(needs)} if needs else "",
            _("Ask an owner of the club to do it, or to give you the role."),
        ),
    )


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(getattr(request, "user", None), User):
        next = _(
            "Check the address, or go back to your club. If you got it from somebody, ask for an invitation."
        )
    else:
        next = _("Check the address, or sign in: some pages are for members only.")
    return show(
        request,
        404,
        Explanation("not-found", _("There is nothing here, or it is not for you."), request.path, next),
    )


def untrusted_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's check of forms (CSRF) failed."""
    return show(
        request,
        403,
        Explanation(
            "form-not-ours",
            _("The form did not come from this page, or has grown too old. Nothing was changed."),
            reason,
            _("Load the page anew, and send the form again. Cookies have to be allowed."),
        ),
    )


def too_often(request: HttpRequest) -> HttpResponse:
    """allauth refuses what was tried more often than its rates allow, all of them of so many a minute."""
    told = Explanation("too-often", _("That was tried too often."), "", _("Wait a minute, then try again."))
    answer = show(request, 429, told)
    answer["Retry-After"] = "60"
    return answer


def mistake(request: HttpRequest) -> HttpResponse:
    """Needs nothing that may be what is broken: no session, no database."""
    reference = uuid4().hex[:12]
    logger.error("page failed", extra={"reference": reference, "path": request.path})
    context: dict[str, Any] = {"reference": reference}
    return render(None, "web/mistake.html", context, status=500)

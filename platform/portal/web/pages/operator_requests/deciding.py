"""An operator's decisions; each leads back to the application, or to the next one that waits."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.problems import Problem
from portal.signups import deciding, selectors
from portal.signups.grants import PRESETS
from portal.web.once import once
from portal.web.pages.operator_requests.applications import find, page
from portal.web.pages.operator_requests.forms import DeclineForm, GrantForm, values_of
from portal.web.request import PageRequest


@require_POST
@once
def approve(request: PageRequest, number: int) -> HttpResponse:
    signup, form = find(number), GrantForm(request.POST)
    if not form.is_valid():
        return page(request, signup, grant=form, status=422)
    try:
        deciding.approve(by=request.by, request_id=number, grant=form.grant)
    except Problem as error:
        return page(request, find(number), grant=form, problem=error.explanation, status=error.status)
    told = _("%(club)s is approved; %(email)s gets the link.")
    messages.success(request, told % {"club": signup.club_name, "email": signup.email})
    return _onward(number)


@require_POST
@once
def decline(request: PageRequest, number: int) -> HttpResponse:
    signup, form = find(number), DeclineForm(request.POST)
    grant = GrantForm(initial=values_of(PRESETS[signup.size]))
    if not form.is_valid():
        return page(request, signup, grant=grant, decline=form, status=422)
    try:
        deciding.decline(by=request.by, request_id=number, reason=form.cleaned_data["reason"])
    except Problem as error:
        return page(
            request,
            find(number),
            grant=grant,
            decline=form,
            problem=error.explanation,
            status=error.status,
        )
    told = _("%(club)s is declined. You can take that back on its page.")
    messages.success(request, told % {"club": signup.club_name})
    return _onward(number)


@require_POST
@once
def reopen(request: PageRequest, number: int) -> HttpResponse:
    signup = find(number)
    try:
        deciding.reopen(by=request.by, request_id=number)
    except Problem as error:
        return _refused(request, number, error)
    messages.success(request, _("%(club)s waits again.") % {"club": signup.club_name})
    return redirect("operator-requests-one", number)


@require_POST
@once
def send_link_again(request: PageRequest, number: int) -> HttpResponse:
    signup = find(number)
    try:
        deciding.send_link_again(by=request.by, request_id=number)
    except Problem as error:
        return _refused(request, number, error)
    told = _("%(email)s gets a new link; the one before opens nothing any more.")
    messages.success(request, told % {"email": signup.email})
    return redirect("operator-requests-one", number)


def _refused(request: PageRequest, number: int, error: Problem) -> HttpResponse:
    signup = find(number)
    grant = GrantForm(initial=values_of(PRESETS[signup.size]))
    return page(request, signup, grant=grant, problem=error.explanation, status=error.status)


def _onward(number: int) -> HttpResponse:
    """The next that waits, else back to this one."""
    following = selectors.waiting().first()
    return redirect("operator-requests-one", following.pk if following else number)

"""An operator's answers to clubs that ask for a larger budget."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.clubs.asking import approve_budget_request, decline_budget_request
from portal.problems import Problem
from portal.web.once import once
from portal.web.pages.operator.inbox import page
from portal.web.request import PageRequest


@require_POST
@once
def approve(request: PageRequest, number: int) -> HttpResponse:
    try:
        done = approve_budget_request(by=request.by, request_id=number, answer=request.POST.get("answer", ""))
    except Problem as error:
        return _refused(request, number, error)
    messages.success(request, _("%(club)s has its larger budget.") % {"club": done.club.name})
    return redirect("operator-inbox")


@require_POST
@once
def decline(request: PageRequest, number: int) -> HttpResponse:
    try:
        done = decline_budget_request(by=request.by, request_id=number, answer=request.POST.get("answer", ""))
    except Problem as error:
        return _refused(request, number, error)
    messages.success(request, _("%(club)s reads why it keeps its budget.") % {"club": done.club.name})
    return redirect("operator-inbox")


def _refused(request: PageRequest, number: int, error: Problem) -> HttpResponse:
    answer = request.POST.get("answer", "")
    return page(request, problem=error.explanation, refused=number, answer=answer, status=error.status)

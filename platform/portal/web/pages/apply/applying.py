"""`/apply`: the form, its live look at the short name, and what comes after it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from portal.api.authentication import address
from portal.problems import Problem
from portal.signups import actions
from portal.signups.application import told
from portal.signups.names import verdict
from portal.web.once import once
from portal.web.pages.apply.forms import ApplyForm
from portal.web.pages.apply.signing_in import signed_in
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest


@never_cache
@require_http_methods(["GET", "POST"])
@once
def form(request: PageRequest) -> HttpResponse:
    """What is answered to a form in good order never depends on its e-mail address."""
    person = signed_in(request)
    known = {"person": person.get_full_name(), "email": person.email} if person else {}
    filled = ApplyForm(request.POST or None, initial=known)
    problem = None
    if request.method == "POST" and filled.is_valid():
        try:
            actions.apply(
                application=filled.application, language=get_language() or "en", address=address(request)
            )
        except Problem as error:
            problem = error
        else:
            request.session["applied_with"] = filled.application.email
            return redirect("apply-sent")
    context = {"form": filled, "problem": problem.explanation if problem else None}
    status = 422 if request.method == "POST" else 200
    return with_refusal(render(request, "web/apply/form.html", context, status=status), problem)


@require_GET
def name(request: PageRequest) -> HttpResponse:
    """What can be said of a short name while it is typed: a part of the form."""
    slug = request.GET.get("slug", "").strip()[:100]
    found = verdict(slug) if slug else None
    context = {"verdict": found, "told": told(found, slug) if found else ""}
    return render(request, "web/apply/verdict.html", context)


@never_cache
@require_GET
def sent(request: PageRequest) -> HttpResponse:
    """Look into your mail: the same for every e-mail address."""
    email = request.session.get("applied_with")
    if not email:
        return redirect("apply-form")
    return render(request, "web/apply/sent.html", {"email": email})

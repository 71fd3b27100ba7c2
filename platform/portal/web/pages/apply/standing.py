"""How an application stands: the page behind its signed link, and the confirmation of its e-mail address."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.api.authentication import address
from portal.problems import Problem
from portal.signed_links import LinkRefused
from portal.signups import actions
from portal.signups.links import CONFIRMATION, STATE
from portal.signups.models import SignupRequest, SignupState
from portal.web.once import once
from portal.web.pages.apply.forms import ApplyForm
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: PageRequest, token: str) -> HttpResponse:
    """A button, not the link itself: mail scanners open links."""
    try:
        request_id = CONFIRMATION.row_id(token)
    except LinkRefused as refused:
        return render(request, "web/apply/link_refused.html", {"expired": refused.expired}, status=410)
    signup = _found(request_id)
    if request.method == "POST":
        confirmed = actions.confirm(request_id=request_id, address=address(request))
        if confirmed.state == SignupState.WAITING:
            messages.success(request, _("Thank you: the e-mail address is confirmed."))
        return redirect("apply-state", STATE.token(confirmed.pk))
    if signup.state != SignupState.UNCONFIRMED:
        return redirect("apply-state", STATE.token(signup.pk))
    return render(request, "web/apply/confirm.html", {"signup": signup})


@never_cache
@require_http_methods(["GET", "POST"])
@once
def state(request: PageRequest, token: str) -> HttpResponse:
    """What happens next; a declined application can be amended here."""
    try:
        signup = _found(STATE.row_id(token))
    except LinkRefused:
        return render(request, "web/apply/link_refused.html", {"expired": False}, status=410)
    problem = None
    form = None
    if signup.state == SignupState.DECLINED or request.method == "POST":
        form = ApplyForm(request.POST or None, but=signup, initial=_values(signup))
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            actions.amend(request_id=signup.pk, application=form.application, address=address(request))
        except Problem as error:
            problem = error
        else:
            messages.success(request, _("Thank you: your application waits again."))
            return redirect("apply-state", token)
    context = {
        "signup": signup,
        "form": form,
        "problem": problem.explanation if problem else None,
        "states": SignupState,
    }
    status = 422 if request.method == "POST" else 200
    return with_refusal(render(request, "web/apply/state.html", context, status=status), problem)


def _found(request_id: int) -> SignupRequest:
    signup = SignupRequest.objects.filter(pk=request_id).first()
    if signup is None:
        raise Http404("the application was forgotten")
    return signup


def _values(signup: SignupRequest) -> dict[str, object]:
    names = ("club_name", "slug", "person", "email", "members", "purpose", "size")
    return {name: getattr(signup, name) for name in names}

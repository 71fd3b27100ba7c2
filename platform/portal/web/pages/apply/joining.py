"""`/invitations/<token>`: somebody joins a club, with the account they have or a new one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.accounts.models import User
from portal.accounts.people import find_person, handle
from portal.api.authentication import address
from portal.clubs import inviting
from portal.clubs.letters import role_name
from portal.clubs.models import Membership
from portal.problems import Problem
from portal.web.pages.apply.passwords import PasswordForm
from portal.web.pages.apply.signing_in import sign_in, signed_in
from portal.web.plain_name import plain_name
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest


class JoinForm(PasswordForm):
    """A new account for the address that the invitation went to."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["name", "new_password1", "new_password2"]

    def __init__(self, email: str, data: Any = None) -> None:
        super().__init__(User(email=email, username=handle(email)), data)

    def clean_name(self) -> str:
        return plain_name(self.cleaned_data["name"])


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request: PageRequest, token: str) -> HttpResponse:
    """Opening the link uses nothing up; a button does."""
    found = inviting.find_invitation(token)
    if found is None:
        return _dead(request, inviting.invitation_dead())
    person = signed_in(request)
    known = person is not None or find_person(found.email) is not None
    form = None if known else JoinForm(found.email, request.POST if request.method == "POST" else None)
    problem = None
    if request.method == "POST":
        try:
            if person is not None:
                return _joined(request, inviting.accept(token=token, user=person, address=address(request)))
            if form is not None and form.is_valid():
                return _joined(request, _join(request, token, form))
        except Problem as error:
            if error.status == 410:
                return _dead(request, error)
            problem = error
    context = {
        "invitation": found,
        "role": role_name(found.role),
        "person": person,
        "form": form,
        "problem": problem.explanation if problem else None,
    }
    status = 422 if request.method == "POST" else 200
    return with_refusal(render(request, "web/apply/invitation.html", context, status=status), problem)


def _join(request: PageRequest, token: str, form: JoinForm) -> Membership:
    """With a new account."""
    membership = inviting.accept_as_new(
        token=token,
        name=form.cleaned_data["name"],
        password=form.cleaned_data["new_password1"],
        address=address(request),
    )
    sign_in(request, membership.user)
    return membership


def _joined(request: PageRequest, membership: Membership) -> HttpResponse:
    messages.success(request, _("Welcome to %(club)s!") % {"club": membership.club.name})
    return redirect(f"/clubs/{membership.club.slug}")


def _dead(request: PageRequest, error: Problem) -> HttpResponse:
    return render(request, "web/apply/link_dead.html", {"problem": error.explanation}, status=error.status)

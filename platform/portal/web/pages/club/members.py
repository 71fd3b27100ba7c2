"""`/clubs/<club>/members`: who belongs to the club, in which role, and who is invited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal.accounts.actors import actors
from portal.accounts.models import User
from portal.clubs import inviting
from portal.clubs import members as membership_actions
from portal.clubs.models import Club, Invitation, Membership
from portal.clubs.models.membership import Role
from portal.problems import Problem
from portal.web.once import once
from portal.web.pages.club.fields import offer
from portal.web.pages.club.people import people
from portal.web.pages.club.words import called, role_name
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("They get a link that works for a week."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), initial=Role.MEMBER)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "role", role_choices().items())


@require_GET
def members(request: PageRequest, club: str) -> HttpResponse:
    return _page(request, InviteForm())


@require_POST
@once
def invite(request: PageRequest, club: str) -> HttpResponse:
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        sent = inviting.invite(
            by=request.by,
            club=request.club,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            language=get_language() or "en",
        )
    except Problem as problem:
        return _page(request, form, problem)
    messages.success(request, _("%(email)s has been sent an invitation.") % {"email": sent.email})
    return redirect("club-members", club)


@require_POST
@once
def resend(request: PageRequest, club: str, invitation: int) -> HttpResponse:
    """A new link for the same address; the one before opens nothing any more."""
    old = _invitation(request.club, invitation)

    def act() -> str:
        inviting.invite(
            by=request.by, club=request.club, email=old.email, role=old.role, language=old.language
        )
        return _("%(email)s has been sent a new invitation.") % {"email": old.email}

    return _done(request, act)


@require_POST
def revoke(request: PageRequest, club: str, invitation: int) -> HttpResponse:
    def act() -> str:
        revoked = inviting.revoke(by=request.by, club=request.club, invitation_id=invitation)
        return _("The invitation of %(email)s opens nothing any more.") % {"email": revoked.email}

    return _done(request, act)


@require_POST
def change_role(request: PageRequest, club: str, member: int) -> HttpResponse:
    user = _member(request.club, member)

    def act() -> str:
        changed = membership_actions.change_role(
            by=request.by, club=request.club, user=user, role=request.POST.get("role", "")
        )
        return _("%(name)s is %(role)s now.") % {"name": user.username, "role": role_name(changed.role)}

    return _done(request, act)


@require_POST
@once
def remove(request: PageRequest, club: str, member: int) -> HttpResponse:
    user = _member(request.club, member)

    def act() -> str:
        membership_actions.remove_member(by=request.by, club=request.club, user=user)
        return _("%(name)s does not belong to the club any more. An invitation brings them back.") % {
            "name": user.username
        }

    return _done(request, act)


@require_POST
@once
def leave(request: PageRequest, club: str) -> HttpResponse:
    user = cast("User", request.user)
    try:
        membership_actions.leave(by=request.by, club=request.club, user=user)
    except Problem as problem:
        return _page(request, InviteForm(), problem)
    messages.success(request, _("You have left %(club)s.") % {"club": request.club.name})
    return redirect("club-list")


def role_choices() -> dict[str, str]:
    return {
        Role.MEMBER: _("member: deploys and watches"),
        Role.MAINTAINER: _("maintainer: makes and deletes projects too"),
        Role.OWNER: _("owner: members, keys and budget too"),
    }


def _done(request: PageRequest, act: Callable[[], str]) -> HttpResponse:
    """Back to the list, or the list with what was refused."""
    try:
        message = act()
    except Problem as problem:
        if problem.status == 404:
            raise Http404(problem.explanation.what) from problem
        return _page(request, InviteForm(), problem)
    messages.success(request, message)
    return redirect("club-members", request.club.slug)


def _page(
    request: PageRequest, form: InviteForm, problem: Problem | None = None, status: int = 200
) -> HttpResponse:
    owns = request.by.may("own", club=request.club.slug)
    found = people(request.club)
    mine = request.user.get_username()
    context = {
        "tab": "members",
        "people": found,
        "me": next((person for person in found if person.username == mine), None),
        "owns": owns,
        "roles": [(role, role_name(role)) for role in (Role.OWNER, Role.MAINTAINER, Role.MEMBER)],
        "invitations": _waiting(request.club) if owns else [],
        "form": form,
        "refused": problem.explanation if problem else None,
    }
    return with_refusal(render(request, "web/club/members.html", context, status=status), problem)


def _waiting(club: Club) -> list[dict[str, Any]]:
    found = list(inviting.open_invitations().filter(club=club))
    known = actors(invitation.invited_by for invitation in found)
    return [
        {
            "invitation": invitation,
            "dialog": f"take-back-{invitation.pk}",
            "role": role_name(invitation.role),
            "by": called(known[invitation.invited_by]),
        }
        for invitation in found
    ]


def _member(club: Club, member: int) -> User:
    membership = Membership.objects.select_related("user").filter(club=club, pk=member).first()
    if membership is None:
        raise Http404("no such member")
    return membership.user


def _invitation(club: Club, invitation: int) -> Invitation:
    found = Invitation.objects.filter(club=club, pk=invitation).first()
    if found is None:
        raise Http404("no such invitation")
    return found

"""`/clubs/<club>/settings`: the club's name, and its end."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from portal.clubs.actions import rename_club
from portal.clubs.closing import delete_club
from portal.problems import Problem
from portal.translating import in_one_line
from portal.web.once import once
from portal.web.pages.club.typed_name import TypedNameForm
from portal.web.plain_name import plain_name
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest


class RenameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the club"), max_length=100)

    def clean_name(self) -> str:
        return plain_name(self.cleaned_data["name"])


@require_GET
def settings(request: PageRequest, club: str) -> HttpResponse:
    return _page(request)


@require_POST
def rename(request: PageRequest, club: str) -> HttpResponse:
    form = RenameForm(request.POST)
    if not form.is_valid():
        return _page(request, rename_form=form, status=422)
    try:
        rename_club(by=request.by, club=request.club, name=form.cleaned_data["name"])
    except Problem as problem:
        form.add_error("name", in_one_line(problem.explanation))
        return _page(request, rename_form=form, status=problem.status)
    messages.success(request, _("The club has its new name."))
    return redirect("club-settings", club)


@require_POST
@once
def delete(request: PageRequest, club: str) -> HttpResponse:
    form = TypedNameForm(request.POST)
    if not form.confirms(request.club):
        return _page(request, delete_form=form, status=422)
    try:
        delete_club(by=request.by, club=request.club)
    except Problem as problem:
        return _page(request, delete_form=form, problem=problem)
    messages.success(request, _("%(club)s is deleted.") % {"club": request.club.name})
    return redirect("club-list")


def _page(
    request: PageRequest,
    *,
    rename_form: RenameForm | None = None,
    delete_form: TypedNameForm | None = None,
    problem: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    left = list(request.club.projects.filter(deleted_at=None).values_list("slug", flat=True)[:6])
    context = {
        "tab": "settings",
        "rename_form": rename_form or RenameForm(initial={"name": request.club.name}),
        "delete_form": delete_form or TypedNameForm(),
        "left": left,
        "notifications_url": reverse("club-notifications", args=[request.club.slug]),
        "refused": problem.explanation if problem else None,
    }
    return with_refusal(render(request, "web/club/settings.html", context, status=status), problem)

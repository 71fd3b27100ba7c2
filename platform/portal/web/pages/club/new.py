"""Making a project: the name is checked while it is typed, and again when it is sent."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.problems import Problem
from portal.projects.actions import create_project
from portal.projects.names import PROJECT_LENGTH
from portal.projects.naming import foreseen_address
from portal.translating import in_one_line
from portal.web.once import once
from portal.web.pages.club.fields import TO_THE_LETTER
from portal.web.request import PageRequest


class ProjectForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the project"),
        max_length=PROJECT_LENGTH,
        help_text=gettext_lazy("Lower-case letters, digits and single hyphens. It becomes the address."),
        widget=forms.TextInput(attrs=TO_THE_LETTER),
    )


@require_http_methods(["GET", "POST"])
@once
def new(request: PageRequest, club: str) -> HttpResponse:
    form = ProjectForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                project = create_project(by=request.by, club=request.club, slug=form.cleaned_data["name"])
            except Problem as problem:
                form.add_error("name", in_one_line(problem.explanation))
                status = problem.status
            else:
                messages.success(request, _("The project %(name)s is there.") % {"name": project.slug})
                return redirect(f"/clubs/{request.club.slug}/{project.slug}")
    return render(
        request, "web/club/new.html", {"tab": "projects", "deeper": True, "form": form}, status=status
    )


@require_GET
def check(request: PageRequest, club: str) -> HttpResponse:
    """What stands under the field while somebody types."""
    name = request.GET.get("name", "").strip()
    address = problem = ""
    if name:
        try:
            address = foreseen_address(request.club, name[:100])
        except Problem as refused:
            problem = in_one_line(refused.explanation)
    return render(request, "web/club/name_check.html", {"address": address, "problem": problem})

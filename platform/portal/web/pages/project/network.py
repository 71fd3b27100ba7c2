"""`/network`: where the project answers, and a change of that."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from portal.environment import environment
from portal.problems import Problem
from portal.projects.addressing import change_subdomain
from portal.projects.models import Project
from portal.projects.names import SUBDOMAIN_LENGTH
from portal.releases.steps import live_release
from portal.translating import in_one_line
from portal.web.once import once
from portal.web.pages.project.found import find_project, project_page
from portal.web.request import PageRequest

# These are the field's; others are shown above the page.
_OF_THE_FIELD = frozenset({"bad-name", "name-reserved", "subdomain-taken", "subdomain-given-up"})


class AddressForm(forms.Form):
    subdomain = forms.CharField(
        label=gettext_lazy("Name in the address"),
        max_length=SUBDOMAIN_LENGTH,
        help_text=gettext_lazy("Lower-case letters, digits and single hyphens, a letter first."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


@require_GET
def network(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    return _page(request, found, AddressForm(initial={"subdomain": found.subdomain}))


@require_POST
@once
def address(request: PageRequest, club: str, project: str) -> HttpResponse:
    found = find_project(request, project)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        rollout = change_subdomain(by=request.by, project=found, subdomain=form.cleaned_data["subdomain"])
    except Problem as problem:
        if problem.explanation.reason in _OF_THE_FIELD:
            form.add_error("subdomain", in_one_line(problem.explanation))
            return _page(request, found, form, status=problem.status)
        return _page(request, found, form, refused=problem)
    if rollout is None:
        messages.success(request, _("Kept; it holds from the first release on."))
        return redirect("project-network", request.club.slug, found.slug)
    messages.success(request, _("Release %(number)d is on its way.") % {"number": rollout.release.number})
    return redirect("project-release", request.club.slug, found.slug, rollout.release.number)


def _page(
    request: PageRequest,
    project: Project,
    form: AddressForm,
    *,
    refused: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "pattern": environment().app_url.format(subdomain="…"),
        "days": environment().subdomain_days,
        "live": live_release(project.pk),
        "git_url": f"{environment().git_url}/{project.club.slug}/{project.slug}.git",
    }
    return project_page(
        request,
        project,
        "network",
        context,
        refused=refused,
        status=status,
    )

"""`/welcome/<token>`: the one-time link. It chooses a password and signs in; the page after it shows
the first key once."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts import shown_once, welcoming
from portal.accounts.links import find_link, link_dead
from portal.accounts.models import AccessKey, User
from portal.api.authentication import address
from portal.environment import environment
from portal.problems import Problem
from portal.projects.models import Project
from portal.projects.names import PROJECT_LENGTH
from portal.web.pages.apply.commands import first_commands
from portal.web.pages.apply.passwords import PasswordForm
from portal.web.pages.apply.signing_in import sign_in, signed_in
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest


class FirstProjectForm(forms.Form):
    project = forms.CharField(
        label=gettext_lazy("Name of your first project"),
        max_length=PROJECT_LENGTH,
        help_text=gettext_lazy("It stands in its address: a-z, 0-9 and hyphens. You can make more later."),
        widget=forms.TextInput(attrs={"autocapitalize": "off", "autocomplete": "off", "spellcheck": "false"}),
    )


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def welcome(request: PageRequest, token: str) -> HttpResponse:
    """Opening the link uses nothing up, so a mail scanner may: the button does."""
    link = find_link(token)
    if link is None:
        return _dead(request, link_dead())
    here = welcoming.has_been_here(link.user)
    if here and signed_in(request) != link.user:
        return redirect_to_login(request.get_full_path())
    posted = request.POST if request.method == "POST" else None
    password = None if here else PasswordForm(link.user, posted)
    project = FirstProjectForm(posted, initial={"project": link.club.slug}) if link.club else None
    problem = None
    if posted is not None and all(form.is_valid() for form in (password, project) if form is not None):
        try:
            result = _welcome(
                token=token,
                address=address(request),
                password=password.cleaned_data["new_password1"] if password else "",
                signed_in=signed_in(request),
                project=project.cleaned_data["project"] if project else "",
            )
        except Problem as error:
            if error.status == 410:
                return _dead(request, error)
            problem = _at_field(project, error)
        else:
            return _entered(request, result)
    context = {
        "link": link,
        "password": password,
        "project": project,
        "problem": problem.explanation if problem else None,
        "other": signed_in(request) if signed_in(request) != link.user else None,
    }
    status = 200 if posted is None else 422
    return with_refusal(render(request, "web/apply/welcome.html", context, status=status), problem)


@never_cache
@require_GET
def first_key(request: PageRequest, key: str) -> HttpResponse:
    """The first key with the commands that use it, once; a reload says that it was shown."""
    user = cast("User", request.user)
    found = AccessKey.objects.select_related("club").filter(id=key, club__memberships__user=user).first()
    if found is None:
        raise Http404(f"no key {key}")
    text = shown_once.take(user, _about(found.id))
    project = Project.objects.filter(club=found.club, deleted_at=None).order_by("-id").first()
    commands = None
    if text and project is not None:
        commands = first_commands(environment().git_url, found.club.slug, project.slug, text)
    context = {"club": found.club, "key": text, "project": project, "commands": commands}
    return render(request, "web/apply/first_key.html", context, status=200 if text else 410)


@transaction.atomic
def _welcome(**given: Any) -> welcoming.Welcome:
    result = welcoming.welcome(**given)
    if result.key:
        shown_once.keep(result.user, _about(result.key_id), result.key)
    return result


def _about(key_id: str) -> str:
    return f"first key {key_id}"


def _at_field(form: FirstProjectForm | None, error: Problem) -> Problem | None:
    """What is wrong with the project's name is said there; other problems are given back."""
    words = {
        "bad-name": _("Use lower-case letters a-z, digits and single hyphens, a letter first."),
        "name-reserved": _("This name is kept for the platform itself. Choose another."),
        "subdomain-taken": _("The address of this name is taken. Choose another."),
        "project-exists": _("There is a project of this name already. Choose another."),
    }
    if form is None or error.explanation.reason not in words:
        return error
    form.add_error("project", words[error.explanation.reason])
    return None


def _entered(request: PageRequest, result: welcoming.Welcome) -> HttpResponse:
    if signed_in(request) != result.user:
        sign_in(request, result.user)
    if not result.key:
        return redirect("/operator" if result.user.is_superuser else "/")
    return redirect("apply-first-key", result.key_id)


def _dead(request: PageRequest, error: Problem) -> HttpResponse:
    return render(request, "web/apply/link_dead.html", {"problem": error.explanation}, status=error.status)

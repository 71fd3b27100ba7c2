"""`/clubs/<club>/keys`: what each key may do, a new one shown once, an old one revoked at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts import shown_once
from portal.accounts.actions import create_key, revoke_key
from portal.accounts.actors import actors
from portal.accounts.models import AccessKey, User
from portal.clubs.models import Club
from portal.environment import environment
from portal.problems import Problem
from portal.projects.models import Project
from portal.projects.selectors import get as get_project
from portal.web import git_store
from portal.web.git_push import add_remote, push
from portal.web.once import once
from portal.web.pages.club.fields import offer
from portal.web.pages.club.words import called
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest

_OLD_SHOWN = 50
_DAYS = (30, 90, 365)


class KeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("Who or what will use it, such as “Minji's laptop”."),
    )
    scope = forms.ChoiceField(label=gettext_lazy("It may"), initial="deploy")
    project = forms.ChoiceField(label=gettext_lazy("For"), required=False)
    days = forms.TypedChoiceField(
        label=gettext_lazy("Expires"), coerce=int, required=False, empty_value=None, initial="90"
    )

    def __init__(self, club: Club, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        projects = Project.objects.filter(club=club, deleted_at=None).values_list("slug", flat=True)
        choices: dict[str, list[tuple[str, str]]] = {
            "scope": list(scope_names().items()),
            "project": [("", _("All projects of the club")), *((slug, slug) for slug in projects)],
            "days": [
                *(
                    (str(days), ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days})
                    for days in _DAYS
                ),
                ("", _("never")),
            ],
        }
        for name, options in choices.items():
            offer(self, name, options)


@never_cache
@require_http_methods(["GET", "POST"])
@once
def keys(request: PageRequest, club: str) -> HttpResponse:
    """What there is, and the form for a new one; the page after it shows that."""
    form = KeyForm(request.club, request.POST or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            key = _create(request, form.cleaned_data)
        except Problem as problem:
            refused = problem
        else:
            return redirect("club-key-made", club, key.id)
    context = {"tab": "keys", "form": form, "refused": refused.explanation if refused else None}
    status = 422 if form.errors else 200
    page = render(request, "web/club/keys.html", context | _listed(request.club), status=status)
    return with_refusal(page, refused)


@never_cache
@require_GET
def made(request: PageRequest, club: str, key: str) -> HttpResponse:
    """A new key, once: whoever made it sees it here, and a reload says that it was shown."""
    found = AccessKey.objects.select_related("project").filter(club=request.club, id=key).first()
    if found is None:
        raise Http404(f"no key {key}")
    text = shown_once.take(cast("User", request.user), about(found))
    context = {"tab": "keys", "key": found, **(_ready(request, found, text) if text else {})}
    return render(request, "web/club/key_made.html", context, status=200 if text else 410)


@require_POST
def revoke(request: PageRequest, club: str, key: str) -> HttpResponse:
    revoked = revoke_key(by=request.by, club=request.club, key_id=key)
    messages.success(request, _("The key “%(name)s” opens nothing any more.") % {"name": revoked.name})
    return redirect("club-keys", club)


def about(key: AccessKey) -> str:
    """Its name among what is shown once."""
    return f"key {key.id}"


def scope_names() -> dict[str, str]:
    return {
        "read": _("read: see projects and logs"),
        "deploy": _("deploy: push, roll back and change settings too"),
        "manage": _("manage: make projects and keys too"),
    }


@transaction.atomic
def _create(request: PageRequest, chosen: dict[str, Any]) -> AccessKey:
    project = None
    if chosen["project"]:
        # Deleted since the form was shown: a key for all projects would be more than was wanted.
        project = get_project(request.by, request.club.slug, chosen["project"], "manage")
    key, text = create_key(
        by=request.by,
        club=request.club,
        name=chosen["name"],
        scopes=[chosen["scope"]],
        project=project,
        expires_at=timezone.now() + timedelta(days=chosen["days"]) if chosen["days"] else None,
    )
    shown_once.keep(cast("User", request.user), about(key), text)
    return key


def _ready(request: PageRequest, key: AccessKey, text: str) -> dict[str, Any]:
    """The key, and what to type with it."""
    git = environment().git_url
    scheme, _slashes, host = git.partition("://")
    described = rf"protocol={scheme}\nhost={host}\nusername=madang\npassword={text}\n"
    project, branch = (key.project.slug, key.project.deploy_branch) if key.project else ("PROJECT", "main")
    return {
        "text": text,
        "remember": (f"{git_store.keep(git)}\nprintf '{described}' | git credential approve"),
        "push": f"{add_remote(git, request.club.slug, project)}\n{push(branch)}",
        "login": f"madang login --url {environment().public_url}",
        "any_project": key.project is None,
    }


def _listed(club: Club) -> dict[str, Any]:
    now = timezone.now()
    found = list(AccessKey.objects.filter(club=club).select_related("project").order_by("-created_at"))
    makers = {name: called(actor) for name, actor in actors(key.created_by for key in found).items()}
    rows = [
        {
            "key": key,
            "dialog": f"revoke-{key.id}",
            "scope": _widest(key.scopes),
            "made_by": makers[key.created_by],
            "state": _state(key, now),
            "ended_at": key.revoked_at or key.expires_at,
            "soon": bool(key.expires_at and key.expires_at - now < timedelta(days=7)),
        }
        for key in found
    ]
    return {
        "valid": [row for row in rows if row["state"] == "valid"],
        "old": [row for row in rows if row["state"] != "valid"][:_OLD_SHOWN],
    }


def _widest(scopes: list[str]) -> str:
    """A scope holds the smaller ones."""
    names = scope_names()
    return names[max(scopes, key=list(names).index)] if scopes else "–"


def _state(key: AccessKey, now: datetime) -> str:
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "valid" if key.revoked_at is None else "revoked"

"""Behind a one-time link: the account gets its password, and a club's owner the first key and project."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.actions import create_key
from portal.accounts.links import use_up
from portal.accounts.models import OneTimeLink, User
from portal.accounts.principal import Principal, operator, person
from portal.clubs.models import Club, Membership
from portal.problems import problem
from portal.projects.actions import create_project
from portal.projects.models import Project


@dataclass(frozen=True)
class Welcome:
    """What came of a link. `key` is the whole first key, of `key_id`, shown once; an operator gets none."""

    user: User
    club: Club | None
    project: Project | None
    key: str = field(default="", repr=False)
    key_id: str = ""


@transaction.atomic
def welcome(
    *, token: str, address: str, password: str = "", signed_in: User | None = None, project: str = ""
) -> Welcome:
    """Uses the link up. Whoever has an account in use must be signed in: the link alone does not let them in.

    Without a password the person has to get in another way later (their school's account, a reset by
    e-mail). `project` is the first one's name, if there is to be one.
    """
    link = use_up(token)
    user = User.objects.select_for_update().get(pk=link.user_id)
    if has_been_here(user):
        if signed_in != user:
            raise problem(
                403,
                "sign-in-first",
                _("You have an account already: %(user)s.") % {"user": user.username},
                _("Sign in, then open the link again."),
            )
    elif password:
        user.set_password(password)
        user.save(update_fields=["password"])
    by = _principal(user, link).at(address)
    audit.record(by, "use_one_time_link", club=link.club.slug if link.club else "", link=link.pk)
    if link.club is None or not by.may("manage", club=link.club.slug):
        return Welcome(user, link.club, None)
    made = create_project(by=by, club=link.club, slug=project) if project else None
    key, text = create_key(by=by, club=link.club, name="first key", scopes=["manage"])
    return Welcome(user, link.club, made, text, key.id)


def has_been_here(user: User) -> bool:
    """Whether the account is in use: then a link in a mailbox is not enough to enter it."""
    return user.last_login is not None or user.has_usable_password()


def _principal(user: User, link: OneTimeLink) -> Principal:
    if link.club is None:
        return operator(user.username) if user.is_superuser else person(user.username)
    role = Membership.objects.filter(user=user, club=link.club).values_list("role", flat=True).first()
    return person(user.username, club=link.club.slug, role=role or "")

"""People's accounts: found and made by their e-mail address."""

from __future__ import annotations

import re

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.principal import Principal
from portal.plain_names import checked
from portal.problems import conflict

_HANDLE_LENGTH = 30
_TRIES = 50


def find_person(email: str) -> User | None:
    """Whose verified address it is, or (without one) whose account carries it."""
    verified = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user")
    for known in verified.order_by("pk"):
        if _same(known.email, email):
            return known.user if known.user.is_active else None
    return next((user for user in _carrying(email) if user.is_active), None)


@transaction.atomic
def create_person(
    *, by: Principal, email: str, name: str, language: str = "", operator: bool = False
) -> User:
    """An account whose e-mail address is known to be the person's; they have yet to choose a password."""
    if _carrying(email):
        raise conflict(
            "person-exists",
            Sentence("There is an account for {email} already.", email=email),
            "Use that one.",
        )
    user = User(email=email, first_name=checked(name)[:150], language=language, is_superuser=operator)
    user.set_unusable_password()
    _save_with_free_handle(user)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    audit.record(by, "create_operator" if operator else "create_person", user=user.username)
    return user


def handle(email: str) -> str:
    """The user name that an address suggests: its part before the @, in plain letters."""
    local = re.sub(r"[^a-z0-9._-]+", "-", email.partition("@")[0].lower()).strip("-._")
    return local[:_HANDLE_LENGTH] or "member"


def _carrying(email: str) -> list[User]:
    """Accounts with this address, verified or not."""
    found = User.objects.filter(email__iexact=email).order_by("pk")
    return [user for user in found if _same(user.email, email)]


def _same(one: str, other: str) -> bool:
    """PostgreSQL compares in capitals, and in those gmaıl.com is gmail.com: a domain of somebody else's."""
    return one.lower() == other.lower()


def _save_with_free_handle(user: User) -> None:
    wanted = handle(user.email)
    for number in range(1, _TRIES):
        user.username = wanted if number == 1 else f"{wanted}{number}"
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            continue
        return
    raise conflict(
        "no-free-name",
        Sentence("There are too many people called {wanted}.", wanted=wanted),
        "Make the account by hand.",
    )

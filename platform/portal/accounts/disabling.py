"""What an operator may do to people's accounts: end where they are signed in, disable, enable."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.db import transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.principal import Principal
from portal.problems import conflict, forbidden, not_found


@transaction.atomic
def end_sessions(*, by: Principal, user_id: int) -> int:
    """Signs the person out everywhere; gives of how many places."""
    user = _lock(by, user_id)
    ended = _end(user)
    audit.record(by, "end_sessions", user=user.username, sessions=ended)
    return ended


@transaction.atomic
def disable_person(*, by: Principal, user_id: int) -> User:
    """They are signed out and cannot sign in; memberships stay, and what their clubs run goes on."""
    user = _lock(by, user_id)
    if by.name == f"operator:{user.username}":
        raise conflict("own-account", "This is your own account.", "Have another operator do it.")
    if user.is_active:
        user.is_active = False
        user.save(update_fields=["is_active"])
        audit.record(by, "disable_person", user=user.username, sessions=_end(user))
    return user


@transaction.atomic
def enable_person(*, by: Principal, user_id: int) -> User:
    """They may sign in again, as before."""
    user = _lock(by, user_id)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(by, "enable_person", user=user.username)
    return user


def _lock(by: Principal, user_id: int) -> User:
    if by.club is not None:
        raise forbidden("operator")
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise not_found(Sentence("person {person}", person=user_id))
    return user


def _end(user: User) -> int:
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)

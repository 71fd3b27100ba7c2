"""Sessions that have run out leave their rows; retention takes them away."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now


def forget() -> None:
    """Expired sessions, and what the list of sessions keeps of those that are gone."""
    Session.objects.filter(expire_date__lt=Now()).delete()
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(alive)).delete()

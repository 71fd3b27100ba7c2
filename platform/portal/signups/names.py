"""Whether a club may still get a name, short or full."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from django.db.models import QuerySet

from portal.clubs.models import Club, ClubRemoval
from portal.problems import Problem
from portal.projects.names import check_club
from portal.signups.models import SignupRequest, SignupState


class Verdict(StrEnum):
    """What can be said of a short name."""

    FREE = "free"
    MALFORMED = "malformed"
    RESERVED = "reserved"
    TAKEN = "taken"


def verdict(slug: str, *, but: int | None = None) -> Verdict:
    """Of a short name; `but` is the request that may hold it itself."""
    try:
        check_club(slug)
    except Problem as error:
        reserved = error.explanation.reason == "name-reserved"
        return Verdict.RESERVED if reserved else Verdict.MALFORMED
    taken = (
        Club.objects.filter(slug=slug).exists()
        or ClubRemoval.objects.filter(slug=slug).exists()
        or _others(but).filter(slug=slug).exists()
    )
    return Verdict.TAKEN if taken else Verdict.FREE


def name_is_taken(name: str, *, but: int | None = None, club: Club | None = None) -> bool:
    """Whether a club has this full name, or a confirmed request, in whatever letters and spaces.

    `club` is the one that wants it, if it is there already.
    """
    wanted = folded(name)
    if _others(but).filter(folded_name=wanted).exists():
        return True
    clubs = Club.objects.exclude(pk=club.pk) if club is not None else Club.objects.all()
    return any(folded(each) == wanted for each in clubs.values_list("name", flat=True).iterator())


def folded(name: str) -> str:
    """A name without what the eye passes over: width, case, spaces, marks of punctuation."""
    letters = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())[:200] or letters.strip()[:200]


def _others(but: int | None) -> QuerySet[SignupRequest]:
    return SignupRequest.objects.filter(state=SignupState.WAITING).exclude(pk=but or 0)

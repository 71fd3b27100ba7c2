"""What an applicant writes into the form."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from portal.plain_names import checked
from portal.problems import conflict, invalid
from portal.signups.names import Verdict, name_is_taken, verdict


@dataclass(frozen=True)
class Application:
    """The form's fields, each in its own form already; `email` in lower case."""

    slug: str
    club_name: str
    email: str
    person: str
    members: int
    purpose: str
    size: str


def with_plain_names(application: Application) -> Application:
    """The same with its names as mails may carry them: the letter that asks for a confirmation goes to an
    address that nobody has agreed to. Raises a problem."""
    return replace(application, club_name=checked(application.club_name), person=checked(application.person))


def require_free_names(application: Application, *, but: int | None = None) -> None:
    """Raises a problem if the club cannot be called so; `but` is its own request."""
    found = verdict(application.slug, but=but)
    if found is not Verdict.FREE:
        raise invalid(f"slug-{found}", told(found, application.slug), _("Choose another short name."))
    if name_is_taken(application.club_name, but=but):
        raise conflict("club-name-taken", name_taken(), name_taken_next())


def told(found: Verdict, slug: str) -> str:
    """A verdict as the form's reader gets it."""
    sentences = {
        Verdict.FREE: _("%(slug)s is free."),
        Verdict.MALFORMED: _(
            "Use lower-case letters a-z, digits and single hyphens, a letter first, at most 30 characters."
        ),
        Verdict.RESERVED: _("%(slug)s is kept for the platform itself. Choose another."),
        Verdict.TAKEN: _("%(slug)s is taken, or another application for it waits. Choose another."),
    }
    return sentences[found] % {"slug": slug[:40]}


def name_taken() -> str:
    return _("A club of this name is here already, or its application waits.")


def name_taken_next() -> str:
    return _("Ask its owner to invite you, or add something that tells yours apart, such as your school.")

"""What applicants are written, in the language of their form."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.accounts.links import LIFETIME, address_of
from portal.environment import environment
from portal.mail.actions import post
from portal.plain_names import without_links
from portal.signups.links import CONFIRM_WITHIN, CONFIRMATION, STATE
from portal.signups.models import SignupRequest


def confirm(request: SignupRequest) -> None:
    """Asks whether the e-mail address is the applicant's."""
    with override(request.language):
        _send(
            request,
            _("Confirm the application of %(club)s"),
            _(
                "Hello %(person)s,\n\n"
                "somebody, we hope you, asked for a place on Madang for the club %(club)s (%(slug)s).\n\n"
                "Confirm that this e-mail address is yours (the link works for %(hours)d hours):\n\n"
                "%(link)s\n\n"
                "It was not you? Then nothing is to be done: without you nothing happens.\n"
            ),
            link=CONFIRMATION.address(request.pk),
            hours=int(CONFIRM_WITHIN.total_seconds()) // 3600,
        )


def waits_already(request: SignupRequest, language: str) -> None:
    """Somebody applied again with the address of a request that waits."""
    with override(language):
        _send(
            request,
            _("The application of %(club)s waits already"),
            _(
                "Hello %(person)s,\n\n"
                "somebody asked for a place on Madang with this e-mail address again. Your application for "
                "%(club)s waits already, and nothing of it was changed. Look at it here:\n\n"
                "%(link)s\n\n"
                "It was not you? Then nothing is to be done.\n"
            ),
            link=STATE.address(request.pk),
            language=language,
        )


def received(request: SignupRequest) -> None:
    """With the link of the state page, which is to be had nowhere else."""
    with override(request.language):
        _send(
            request,
            _("We have the application of %(club)s"),
            _(
                "Hello %(person)s,\n\n"
                "thank you. An operator looks at your application for %(club)s and answers by e-mail.\n\n"
                "This page shows how it stands; whoever has the link sees it:\n\n"
                "%(link)s\n"
            ),
            link=STATE.address(request.pk),
        )


def declined(request: SignupRequest) -> None:
    """Says why, and where it can be amended."""
    with override(request.language):
        _send(
            request,
            _("The application of %(club)s was declined"),
            _(
                "Hello %(person)s,\n\n"
                "your application for %(club)s was declined, for this reason:\n\n"
                "%(reason)s\n\n"
                "You can change it and send it again:\n\n"
                "%(link)s\n"
            ),
            link=STATE.address(request.pk),
            reason=request.reason,
        )


def approved(request: SignupRequest, token: str) -> None:
    """With the one-time link."""
    with override(request.language):
        _send(
            request,
            _("%(club)s is welcome on Madang"),
            _(
                "Hello %(person)s,\n\n"
                "%(club)s has a place on Madang now, and you are its owner.\n\n"
                "Begin here. The link works once, until %(until)s; the page shows your first access key, so "
                "open it on the computer that you work on:\n\n"
                "%(link)s\n\n"
                "Later you sign in with this e-mail address at %(home)s\n"
            ),
            link=address_of(token),
            until=date_format(now() + LIFETIME, "DATE_FORMAT"),
            home=environment().public_url,
        )


def _send(request: SignupRequest, subject: str, body: str, *, language: str = "", **told: object) -> None:
    names = {"person": without_links(request.person), "club": without_links(request.club_name)}
    values = {**names, "slug": request.slug, **told}
    post(
        to=request.email,
        subject=subject % values,
        body=body % values,
        language=language or request.language,
    )

"""What a club's people are written, each in their own language."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.clubs.models import Invitation, Membership, Suspension
from portal.clubs.models.membership import Role
from portal.mail.actions import post
from portal.plain_names import without_links
from portal.public_address import public_address


def invitation(sent: Invitation, token: str) -> None:
    """With the link that lets the person join."""
    link = public_address("apply-invitation", token)
    with override(sent.language):
        told = {
            "club": without_links(sent.club.name),
            "role": role_name(sent.role),
            "link": link,
            "until": date_format(sent.expires_at, "DATE_FORMAT"),
        }
        post(
            to=sent.email,
            subject=_("%(club)s invites you to Madang") % told,
            body=_(
                "Hello,\n\n"
                "%(club)s asks you to join as %(role)s on Madang, where school clubs put their projects "
                "on the web.\n\n"
                "Join here (the link works once, until %(until)s):\n\n"
                "%(link)s\n\n"
                "You do not know this club? Then nothing is to be done: without you nothing happens.\n"
            )
            % told,
            language=sent.language,
        )


def suspended(suspension: Suspension) -> None:
    """To each owner: why, and what it means."""
    _to_owners(
        suspension,
        lambda: _("%(club)s is suspended on Madang"),
        lambda: _(
            "Hello,\n\n"
            "an operator has suspended %(club)s (%(slug)s), for this reason:\n\n"
            "%(why)s\n\n"
            "Its projects stand still, and nothing can be pushed. Pushes that were being built were "
            "cancelled. All data stays: what was live comes back as it was when the club is resumed.\n\n"
            "%(link)s\n\n"
            "Talk to the operators of Madang about what has to change.\n"
        ),
    )


def resumed(suspension: Suspension) -> None:
    """To each owner: it is over."""
    _to_owners(
        suspension,
        lambda: _("%(club)s goes on on Madang"),
        lambda: _(
            "Hello,\n\n"
            "an operator has resumed %(club)s (%(slug)s). What was live is being started again by itself, "
            "and your keys can push again. Pushes that were cancelled have to be pushed or built again.\n\n"
            "%(link)s\n"
        ),
    )


def _to_owners(suspension: Suspension, subject: Callable[[], str], body: Callable[[], str]) -> None:
    """Each in their own language; who has no address or is disabled is not written."""
    club = suspension.club
    told = {
        "club": without_links(club.name),
        "slug": club.slug,
        "why": suspension.why,
        "link": public_address("club-home", club.slug),
    }
    owners = Membership.objects.filter(club=club, role=Role.OWNER, user__is_active=True)
    for membership in owners.exclude(user__email="").select_related("user").order_by("pk"):
        language = membership.user.language or settings.LANGUAGE_CODE
        with override(language):
            post(to=membership.user.email, subject=subject() % told, body=body() % told, language=language)


def role_name(role: str) -> str:
    names = {"owner": _("owner"), "maintainer": _("maintainer"), "member": _("member")}
    return names.get(role, role)

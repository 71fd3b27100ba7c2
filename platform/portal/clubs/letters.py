"""What a club's people are written, each in their own language."""

from __future__ import annotations

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.clubs.models import Invitation
from portal.environment import environment
from portal.mail.actions import post


def invitation(sent: Invitation, token: str) -> None:
    """With the link that lets the person join."""
    link = environment().public_url.rstrip("/") + reverse("apply-invitation", args=[token])
    with override(sent.language):
        told = {
            "club": sent.club.name,
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


def role_name(role: str) -> str:
    names = {"owner": _("owner"), "maintainer": _("maintainer"), "member": _("member")}
    return names.get(role, role)

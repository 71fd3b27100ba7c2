"""Applicants, and the mails that they get."""

from __future__ import annotations

import re
from dataclasses import replace

from portal.encryption import decrypt
from portal.mail.models import OutgoingMail
from portal.signups import actions
from portal.signups.application import Application
from portal.signups.deciding import approve
from portal.signups.grants import PRESETS
from portal.signups.models import SignupRequest

from tests.integration.portal.scene import BY

ROBOTS = Application(
    slug="robots",
    club_name="Robotics club",
    email="mina@school.example",
    person="Mina Kim",
    members=12,
    purpose="A page that shows what our robots see.",
    size="small",
)
FROM = "192.0.2.7"


def applied(application: Application = ROBOTS, language: str = "en", **changes: object) -> SignupRequest:
    """An application that was sent, and whose e-mail address waits to be confirmed."""
    request = actions.apply(
        application=replace(application, **changes),  # type: ignore[arg-type]
        language=language,
        address=FROM,
    )
    assert request is not None
    return request


def confirmed(application: Application = ROBOTS, language: str = "en", **changes: object) -> SignupRequest:
    """One that waits for an operator."""
    return actions.confirm(request_id=applied(application, language, **changes).pk, address=FROM)


def approved(application: Application = ROBOTS, **changes: object) -> SignupRequest:
    request = confirmed(application, **changes)
    return approve(by=BY, request_id=request.pk, grant=PRESETS["small"])


def letter(to: str = ROBOTS.email) -> tuple[str, str]:
    """Subject and text of the newest mail in the outbox for that person."""
    mail = OutgoingMail.objects.filter(recipient=to).latest("pk")
    return mail.subject, decrypt(mail.encrypted_body)


def link_in(text: str, path: str) -> str:
    """The path of the only link in a letter that begins so."""
    (found,) = re.findall(rf"^http://madang\.localhost:8000({re.escape(path)}\S+)$", text, re.MULTILINE)
    return str(found)

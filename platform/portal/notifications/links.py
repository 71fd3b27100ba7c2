"""Signed links of mails to addresses without an account: the link itself says who holds it."""

from __future__ import annotations

from datetime import timedelta

from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner

from portal.notifications.models import Channel, Confirmation
from portal.public_address import public_address

CONFIRM_WITHIN = timedelta(days=3)


class LinkRefused(Exception):
    """The link was changed, came too late, was used, or its channel is gone."""


def confirmation(asked: Confirmation) -> str:
    """The address that confirms the channel's own, for `CONFIRM_WITHIN`. It acts once."""
    return public_address("notification-confirm", _confirms().sign(str(asked.pk)))


def stop(channel: Channel) -> str:
    """The address that removes the channel, as long as there is one."""
    return public_address("notification-stop", _stops().sign(str(channel.pk)))


def confirmed(token: str) -> int:
    """The id of the confirmation whose link this is. Raises LinkRefused."""
    try:
        return int(_confirms().unsign(token, max_age=CONFIRM_WITHIN))
    except (SignatureExpired, BadSignature, ValueError) as error:
        raise LinkRefused from error


def stopped(token: str) -> int:
    """The id of the channel whose link this is. Raises LinkRefused."""
    try:
        return int(_stops().unsign(token))
    except (BadSignature, ValueError) as error:
        raise LinkRefused from error


def _confirms() -> TimestampSigner:
    return TimestampSigner(salt="madang.notifications.confirm")


def _stops() -> Signer:
    return Signer(salt="madang.notifications.stop")

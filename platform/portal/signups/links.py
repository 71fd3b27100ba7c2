"""Signed links: an applicant has no account, the link itself says who they are."""

from __future__ import annotations

from datetime import timedelta

from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner

from portal.public_address import public_address
from portal.signups.models import SignupRequest

CONFIRM_WITHIN = timedelta(hours=48)


class LinkRefused(Exception):
    """The link was changed, or (`expired`) came too late."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "not ours")
        self.expired = expired


def confirmation(request: SignupRequest) -> str:
    """The address that confirms the request's e-mail address, for `CONFIRM_WITHIN`. It acts once."""
    return public_address("apply-confirm", _confirms().sign(str(request.pk)))


def state_page(request: SignupRequest) -> str:
    """The address of the page that shows the request."""
    return public_address("apply-state", state_token(request))


def state_token(request: SignupRequest) -> str:
    return _shows().sign(str(request.pk))


def confirmed(token: str) -> int:
    """The id of the request whose confirmation this is. Raises LinkRefused."""
    try:
        return int(_confirms().unsign(token, max_age=CONFIRM_WITHIN))
    except SignatureExpired as error:
        raise LinkRefused(expired=True) from error
    except (BadSignature, ValueError) as error:
        raise LinkRefused(expired=False) from error


def shown(token: str) -> int:
    """The id of the request whose state page this is. Raises LinkRefused."""
    try:
        return int(_shows().unsign(token))
    except (BadSignature, ValueError) as error:
        raise LinkRefused(expired=False) from error


def _confirms() -> TimestampSigner:
    return TimestampSigner(salt="madang.signups.confirm")


def _shows() -> Signer:
    return Signer(salt="madang.signups.state")

"""Links for mails to people without an account: the link itself says who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner

from portal.public_address import public_address


class LinkRefused(Exception):
    """The link was changed, came too late (`expired`), was used, or what it was for is gone."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "not ours")
        self.expired = expired


@dataclass(frozen=True)
class SignedLink:
    """Leads to the page `route`, which takes nothing but the token: a row's id, signed.

    It opens the page for `within`, or for good. Links with another `salt` do not open it.
    """

    route: str
    salt: str
    within: timedelta | None = None

    def address(self, row_id: int) -> str:
        """As it stands in a mail."""
        return public_address(self.route, self.token(row_id))

    def token(self, row_id: int) -> str:
        signer = Signer if self.within is None else TimestampSigner
        return signer(salt=self.salt).sign(str(row_id))

    def row_id(self, token: str) -> int:
        """The row's whose token this is. Raises LinkRefused."""
        try:
            if self.within is None:
                return int(Signer(salt=self.salt).unsign(token))
            return int(TimestampSigner(salt=self.salt).unsign(token, max_age=self.within))
        except SignatureExpired as error:
            raise LinkRefused(expired=True) from error
        except (BadSignature, ValueError) as error:
            raise LinkRefused from error

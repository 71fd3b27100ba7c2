"""An e-mail address is asked first: nothing else goes there before somebody who reads it has agreed."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from deployer.errors import Explanation
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.principal import platform
from portal.clubs.models import Club
from portal.encryption import decrypt
from portal.notifications import letters
from portal.notifications.links import CONFIRMATION
from portal.notifications.models import Channel, Confirmation
from portal.pacing import one_after_another, wait_seconds
from portal.problems import Action, Limited
from portal.signed_links import LinkRefused

_WITHIN = timedelta(days=1)
MOST_AN_ADDRESS = 3
MOST_AN_OWNER = 20


def is_known(owner: Club | User, address: str) -> bool:
    """Whether it is an address that the person, or one of the club's, has confirmed as theirs already."""
    theirs = (
        Q(user=owner) if isinstance(owner, User) else Q(user__memberships__club=owner, user__is_active=True)
    )
    known = EmailAddress.objects.filter(theirs, email__iexact=address, verified=True)
    # PostgreSQL compares in capitals, in which another's domain may be the same (`accounts.people`).
    return any(each.lower() == address.lower() for each in known.values_list("email", flat=True))


def ask(channel: Channel) -> Confirmation:
    """Sends the link, in the caller's transaction; links before it confirm nothing more.

    Raises Limited once an address was asked, or the club or person has asked, too often in a day.
    """
    address = decrypt(channel.encrypted_target)
    digest = _digest(address)
    one_after_another("confirmations of", digest)
    theirs = Confirmation.objects.filter(address_digest=digest)
    mine = Confirmation.objects.filter(club=channel.club, user=channel.user)
    waits = (
        wait_seconds(theirs, "asked_at", MOST_AN_ADDRESS, _WITHIN),
        wait_seconds(mine, "asked_at", MOST_AN_OWNER, _WITHIN),
    )
    if wait := max(filter(None, waits), default=None):
        told = Explanation(
            "asked-too-often",
            "This address was asked often enough for today, or many others were.",
            "",
            "Look into its spam folder, or try again tomorrow.",
        )
        raise Limited(Action.CONFIRM_ADDRESS, wait, told)
    asked = Confirmation.objects.create(
        channel=channel, club=channel.club, user=channel.user, address_digest=digest
    )
    letters.confirm(channel, asked, address)
    return asked


def find(token: str) -> Channel:
    """The channel that the link confirms, if it still does. Raises LinkRefused."""
    channel = _asked(CONFIRMATION.row_id(token)).channel
    if channel is None:
        raise LinkRefused
    return channel


@transaction.atomic
def confirm(*, token: str, address: str) -> Channel:
    """The address agrees; `address` is where the request came from. Raises LinkRefused."""
    asked = _asked(CONFIRMATION.row_id(token), lock=True)
    channel = asked.channel
    if channel is None:
        raise LinkRefused
    Confirmation.objects.filter(pk=asked.pk).update(used_at=Now())
    Channel.objects.filter(pk=channel.pk).update(confirmed_at=Now())
    audit.record(
        platform().at(address),
        "confirm_channel",
        club=channel.club.slug if channel.club else "",
        channel=channel.pk,
        name=channel.name,
    )
    channel.refresh_from_db()
    return channel


def _asked(confirmation_id: int, *, lock: bool = False) -> Confirmation:
    """The channel's newest, which was not used yet. Raises LinkRefused."""
    rows = Confirmation.objects.select_related("channel__club", "channel__user")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    asked = rows.filter(pk=confirmation_id, used_at=None).exclude(channel=None).first()
    newer = Confirmation.objects.filter(channel=asked.channel_id, pk__gt=asked.pk) if asked else None
    if asked is None or newer is None or newer.exists():
        raise LinkRefused
    return asked


def _digest(address: str) -> str:
    """Enough to count, too little to read."""
    return salted_hmac("madang.notifications.address", address.casefold(), algorithm="sha256").hexdigest()

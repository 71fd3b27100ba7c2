"""Whoever reads an address's mails may end them: by the link in each, without an account."""

from __future__ import annotations

from django.db import transaction

from portal.accounts import audit
from portal.accounts.principal import platform
from portal.notifications.links import STOP
from portal.notifications.models import Channel
from portal.signed_links import LinkRefused


def find(token: str) -> Channel:
    """The channel that the link ends. Raises LinkRefused, also when it has ended."""
    channel = Channel.objects.select_related("club", "user").filter(pk=STOP.row_id(token)).first()
    if channel is None:
        raise LinkRefused
    return channel


@transaction.atomic
def stop(*, token: str, address: str) -> None:
    """The channel goes, with what waits for it; `address` is where the request came from. Raises LinkRefused
    for a link that was changed; one whose channel is gone already has done its work."""
    channel = Channel.objects.select_for_update().filter(pk=STOP.row_id(token)).first()
    if channel is None:
        return
    audit.record(
        platform().at(address),
        "stop_channel",
        club=channel.club.slug if channel.club else "",
        channel=channel.pk,
        name=channel.name,
    )
    channel.delete()

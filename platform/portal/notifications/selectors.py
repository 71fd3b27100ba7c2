"""Reads of channels and what went through them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import F, Max, Window
from django.db.models.functions import RowNumber

from portal.clubs.models import Club
from portal.encryption import decrypt
from portal.mail.models import MailState
from portal.notifications.actions import Owner
from portal.notifications.models import Channel, ChannelKind, Confirmation, Delivery, DeliveryState

_RECENT = 5


@dataclass(frozen=True)
class Sent:
    """One message. `state` is waiting, sent or failed (a mail's is the outbox's); `answer` was last said."""

    kind: str
    project: str
    state: str
    answer: str
    tries: int
    at: datetime
    next_at: datetime | None


@dataclass(frozen=True)
class Listed:
    """A channel with its newest messages. `target` is shown so far as it opens nothing. `asked_at` is
    when its address was asked last whether it agrees."""

    channel: Channel
    target: str
    recent: tuple[Sent, ...]
    asked_at: datetime | None = None


def channels(owner: Owner) -> list[Listed]:
    """Of a club or a person, in three queries."""
    of = {"club": owner} if isinstance(owner, Club) else {"user": owner}
    found = list(Channel.objects.filter(**of))
    ranked = Delivery.objects.filter(channel__in=found).annotate(
        place=Window(RowNumber(), partition_by=F("channel_id"), order_by=F("id").desc())
    )
    recent: dict[int, list[Sent]] = {channel.pk: [] for channel in found}
    for delivery in ranked.filter(place__lte=_RECENT).select_related("event", "mail").order_by("-id"):
        recent[delivery.channel_id].append(_sent(delivery))
    asked = dict(
        Confirmation.objects.filter(channel__in=found)
        .order_by()
        .values_list("channel")
        .annotate(asked_at=Max("asked_at"))
    )
    return [
        Listed(channel, shown(channel), tuple(recent[channel.pk]), asked.get(channel.pk)) for channel in found
    ]


def shown(channel: Channel) -> str:
    """Whoever knows a chat's address writes there: only the host is shown. A mail address is no secret."""
    target = decrypt(channel.encrypted_target)
    return target if channel.kind == ChannelKind.EMAIL else f"{urlsplit(target).hostname}/…"


def _sent(delivery: Delivery) -> Sent:
    state, answer = delivery.state, delivery.answer
    if delivery.mail is not None:
        state = DeliveryState.WAITING if delivery.mail.state == MailState.WAITING else delivery.mail.state
        answer = delivery.mail.trouble
    return Sent(
        delivery.event.kind,
        delivery.event.project,
        state,
        answer,
        delivery.failures + (state == DeliveryState.SENT),
        delivery.created_at,
        delivery.retry_at,
    )

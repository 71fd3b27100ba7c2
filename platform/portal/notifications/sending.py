"""One worker's time with one delivery: from the claim to sent, given up, or the next try."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_noop, override

from portal.encryption import decrypt
from portal.environment import environment
from portal.leases.holding import due, ended, expired, held, lock
from portal.leases.keeper import new_owner
from portal.leases.model import Lease
from portal.mail.actions import post as post_mail
from portal.notifications import letters, links, outward
from portal.notifications.models import DELIVERY_STATES, ChannelKind, Delivery, DeliveryState
from portal.notifications.payloads import payload, signed
from portal.notifications.retrying import is_final, wait_after
from portal.notifications.wording import Message, Told, message

logger = logging.getLogger(__name__)

# Longer than the POST and what is around it: no second worker sends meanwhile.
_LEASE = timedelta(minutes=2)
_ANSWER_LENGTH = 300
# What stands before the reason why nobody answered.
SILENT = "No answer: "


def sendable() -> QuerySet[Delivery]:
    """Deliveries whose time has come and that nobody is sending, the oldest first."""
    free = Q(lease_until=None) | expired()
    return Delivery.objects.filter(state=DeliveryState.WAITING).filter(due()).filter(free).order_by("id")


def deliver(delivery_id: int) -> None:
    """Sends it if it is to be sent. A worker that dies here may have sent it: then it comes twice, with the
    same id."""
    lease = _claim(delivery_id)
    if lease is None:
        return
    rows = Delivery.objects.select_related("channel__club", "channel__user", "event__club")
    delivery = rows.get(pk=lease.id)
    event = delivery.event
    told = Told(event.kind, event.at, event.club.slug if event.club else "", event.project, event.data)
    with override(delivery.channel.language):
        said = message(told)
    try:
        if delivery.channel.kind == ChannelKind.EMAIL:
            _mail(lease, delivery, said)
        else:
            _post(lease, delivery, told, said)
    except DatabaseError:
        # Nothing can be written: the lease runs out, and another worker goes on.
        raise
    except Exception:
        logger.exception("a delivery failed", extra={"delivery": delivery_id})
        _put_off(lease, delivery.failures, gettext_noop("The platform made a mistake of its own."))


def _claim(delivery_id: int) -> Lease | None:
    owner = new_owner()
    taken = (
        sendable()
        .filter(pk=delivery_id)
        .update(lease_owner=owner, lease_until=Now() + Value(_LEASE), fence=F("fence") + 1, retry_at=None)
    )
    if not taken:
        return None
    return Lease(delivery_id, owner, Delivery.objects.values_list("fence", flat=True).get(pk=delivery_id))


@transaction.atomic
def _mail(lease: Lease, delivery: Delivery, said: Message) -> None:
    """Into the outbox, in one transaction with the end of the delivery: exactly once."""
    lock(Delivery, lease)
    channel = delivery.channel
    if channel.confirmed_at is None:
        _end(lease, DeliveryState.FAILED, gettext_noop("Nobody has confirmed this address."))
        return
    stop = links.STOP.address(channel.pk)
    with override(channel.language):
        foot = f"--\n{letters.foot(channel)}\n{stop}"
    mail = post_mail(
        to=decrypt(channel.encrypted_target),
        subject=said.title,
        body="\n\n".join([*said.lines, environment().public_url + said.path, foot]),
        language=channel.language,
        unsubscribe=stop,
    )
    held(Delivery, lease).update(mail=mail)
    _end(lease, DeliveryState.SENT, "")


def _post(lease: Lease, delivery: Delivery, told: Told, said: Message) -> None:
    channel, given = delivery.channel, environment()
    target = decrypt(channel.encrypted_target)
    body = payload(channel.kind, delivery.pk, told, said, given.public_url + said.path)
    headers = {"Content-Type": "application/json", "User-Agent": "madang"}
    if channel.encrypted_secret is not None:
        now = int(time.time())
        headers |= {
            "X-Madang-Event": told.kind,
            "X-Madang-Delivery": str(delivery.pk),
            "X-Madang-Timestamp": str(now),
            "X-Madang-Signature": signed(decrypt(channel.encrypted_secret), now, body),
        }
    # Back to the pool: the other side may take its time.
    connection.close()
    try:
        answer = outward.post(target, body, headers, networks=given.notification_network_list)
    except outward.Forbidden:
        inside = gettext_noop("The name leads to an address inside; nothing was sent.")
        _end(lease, DeliveryState.FAILED, inside)
    except outward.Unreachable as error:
        _put_off(lease, delivery.failures, f"{SILENT}{error}")
    else:
        line = f"{answer.status} {' '.join(answer.text.split())}".strip()
        if 200 <= answer.status < 300:
            _end(lease, DeliveryState.SENT, line)
        elif is_final(answer.status):
            _end(lease, DeliveryState.FAILED, line)
        else:
            _put_off(lease, delivery.failures, line, answer.retry_after)


def _end(lease: Lease, state: DeliveryState, answer: str) -> None:
    DELIVERY_STATES.check(DeliveryState.WAITING, state)
    held(Delivery, lease).update(
        state=state,
        answer=_kept(answer),
        ended_at=Now(),
        failures=F("failures") + int(state == DeliveryState.FAILED),
        **ended(),
    )


def _put_off(lease: Lease, failures: int, answer: str, asked_seconds: int = 0) -> None:
    wait = wait_after(failures + 1, asked_seconds)
    if wait is None:
        _end(lease, DeliveryState.FAILED, answer)
        return
    held(Delivery, lease).update(
        **{**ended(), "retry_at": Now() + Value(wait)}, failures=F("failures") + 1, answer=_kept(answer)
    )


def _kept(answer: str) -> str:
    """What the other side says is text, and PostgreSQL takes no NUL."""
    return "".join(each if each.isprintable() else " " for each in answer)[:_ANSWER_LENGTH]

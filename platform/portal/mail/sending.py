"""One worker's time with one mail: from the claim to sent, given up, or the next try."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, connection
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone

from portal.encryption import decrypt
from portal.environment import environment
from portal.leases.holding import due, ended, expired, held
from portal.leases.keeper import new_owner
from portal.leases.model import Lease
from portal.mail.models import MailState, OutgoingMail
from portal.mail.patience import PATIENCE, is_final, told, wait_after

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 20
# Longer than a whole dialogue of which each step takes its timeout: no second worker sends meanwhile.
_LEASE = timedelta(minutes=10)


def sendable() -> QuerySet[OutgoingMail]:
    """Mails whose time has come and that nobody is sending, the oldest first."""
    free = Q(lease_until=None) | expired()
    return OutgoingMail.objects.filter(state=MailState.WAITING).filter(due()).filter(free).order_by("id")


def deliver(mail_id: int) -> None:
    """Sends the mail if it is to be sent. A worker that dies here may have sent it: then it comes twice."""
    lease = _claim(mail_id)
    if lease is None:
        return
    mail = OutgoingMail.objects.get(pk=lease.id)
    # Back to the pool: a mail server may take its time.
    connection.close()
    try:
        _transport().send_messages([_message(mail)])
    except DatabaseError:
        # Nothing can be written: the lease runs out, and another worker goes on.
        raise
    except Exception as error:
        _put_off(lease, mail, error)
    else:
        held(OutgoingMail, lease).update(
            state=MailState.SENT,
            encrypted_body=b"",
            encrypted_unsubscribe=b"",
            trouble="",
            ended_at=Now(),
            **ended(),
        )


def _claim(mail_id: int) -> Lease | None:
    owner = new_owner()
    taken = (
        sendable()
        .filter(pk=mail_id)
        .update(lease_owner=owner, lease_until=Now() + Value(_LEASE), fence=F("fence") + 1, retry_at=None)
    )
    if not taken:
        return None
    return Lease(mail_id, owner, OutgoingMail.objects.values_list("fence", flat=True).get(pk=mail_id))


def _message(mail: OutgoingMail) -> EmailMessage:
    # The same at every try, so that a mailbox can know a second copy.
    name = hashlib.sha256(f"{mail.pk} {mail.created_at.isoformat()}".encode()).hexdigest()[:24]
    return EmailMessage(
        subject=mail.subject,
        body=decrypt(mail.encrypted_body),
        from_email=environment().email_sender,
        to=[mail.recipient],
        headers={
            "Message-ID": f"<{name}@{environment().domain}>",
            # RFC 3834: no vacation notices in answer.
            "Auto-Submitted": "auto-generated",
            "Content-Language": mail.language or settings.LANGUAGE_CODE,
            **_unsubscribing(mail),
        },
    )


def _unsubscribing(mail: OutgoingMail) -> dict[str, str]:
    """RFC 2369 and, for the one click of a mail program, RFC 8058."""
    if not mail.encrypted_unsubscribe:
        return {}
    address = decrypt(mail.encrypted_unsubscribe)
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _transport() -> BaseEmailBackend:
    server = environment().mail_server
    if server is None:
        return get_connection("portal.mail.catcher.Catcher")
    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.tls == "starttls",
        use_ssl=server.tls == "implicit",
        timeout=_TIMEOUT_SECONDS,
    )


def _put_off(lease: Lease, mail: OutgoingMail, error: Exception) -> None:
    given_up = is_final(error) or timezone.now() - mail.created_at > PATIENCE
    logger.warning(
        "a mail was not sent", extra={"mail": mail.pk, "trouble": told(error), "given_up": given_up}
    )
    if given_up:
        columns = {**ended(), "state": MailState.FAILED, "ended_at": Now()}
    else:
        columns = {**ended(), "retry_at": Now() + Value(wait_after(mail.failures + 1))}
    held(OutgoingMail, lease).update(**columns, failures=F("failures") + 1, trouble=told(error))

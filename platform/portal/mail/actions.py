"""What may be done to mails: put into the outbox, and tried again."""

from __future__ import annotations

from django.db import transaction

from deployer.sentence import Sentence
from portal.accounts import audit
from portal.accounts.principal import Principal
from portal.encryption import encrypt
from portal.mail.models import MAIL_STATES, MailState, OutgoingMail
from portal.nudge import nudge_mail
from portal.problems import conflict, forbidden, not_found

_SUBJECT_LENGTH = 200


@transaction.atomic
def post(*, to: str, subject: str, body: str, language: str = "", unsubscribe: str = "") -> OutgoingMail:
    """Puts a mail into the outbox, in the transaction of what it tells of; a worker sends it after that.

    `unsubscribe` is the address of a page whose POST ends mails of this kind.
    """
    mail = OutgoingMail.objects.create(
        recipient=to,
        # A header is one line.
        subject=" ".join(subject.split())[:_SUBJECT_LENGTH],
        encrypted_body=encrypt(body),
        encrypted_unsubscribe=encrypt(unsubscribe) if unsubscribe else b"",
        language=language,
    )
    transaction.on_commit(lambda: nudge_mail(mail.pk))
    return mail


@transaction.atomic
def send_again(*, by: Principal, mail_id: int) -> OutgoingMail:
    """Tries a mail again at once, also one that was given up. Only an operator does."""
    if by.club is not None:
        raise forbidden("operator")
    mail = OutgoingMail.objects.select_for_update(no_key=True).filter(pk=mail_id).first()
    if mail is None:
        raise not_found(Sentence("mail {mail}", mail=mail_id))
    if mail.state == MailState.SENT:
        raise conflict(
            "mail-sent",
            Sentence("The mail to {recipient} was sent already.", recipient=mail.recipient),
            "Nothing is to be done.",
        )
    if mail.state == MailState.FAILED:
        MAIL_STATES.check(mail.state, MailState.WAITING)
    mail.state, mail.failures, mail.retry_at, mail.ended_at = MailState.WAITING, 0, None, None
    mail.save(update_fields=["state", "failures", "retry_at", "ended_at"])
    audit.record(by, "send_mail_again", mail=mail.pk, recipient=mail.recipient)
    transaction.on_commit(lambda: nudge_mail(mail.pk))
    return mail

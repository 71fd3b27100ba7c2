from portal.mail.models.caught_mail import CaughtMail
from portal.mail.models.outgoing_mail import MAIL_STATES, MailState, OutgoingMail

__all__ = ["MAIL_STATES", "CaughtMail", "MailState", "OutgoingMail"]

"""What an e-mail address of a channel is written beside the messages themselves."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.mail.actions import post
from portal.notifications import links
from portal.notifications.models import Channel, Confirmation
from portal.plain_names import without_links


def confirm(channel: Channel, asked: Confirmation, address: str) -> None:
    """Asks whether the messages are wanted."""
    stop = links.STOP.address(channel.pk)
    with override(channel.language):
        told = {
            "who": whose(channel),
            "link": links.CONFIRMATION.address(asked.pk),
            "days": links.CONFIRM_WITHIN.days,
            "stop": stop,
        }
        post(
            to=address,
            subject=_("Confirm messages from Madang for %(who)s") % told,
            body=_(
                "Hello,\n\n"
                "somebody wants messages about the projects of %(who)s on Madang to come to this address.\n\n"
                "Confirm that you want them (the link works once, for %(days)d days):\n\n"
                "%(link)s\n\n"
                "You do not? Then nothing is to be done: without you nothing more is sent. This takes the "
                "address out at once:\n\n"
                "%(stop)s\n"
            )
            % told,
            language=channel.language,
            unsubscribe=stop,
        )


def foot(channel: Channel) -> str:
    """The end of each message: why it comes, and how to stop it. In the language that is active."""
    return _("You get this because the address was chosen for messages about %(who)s. Stop them here:") % {
        "who": whose(channel)
    }


def whose(channel: Channel) -> str:
    """A club's name, or a person's, as a mail may carry it."""
    if channel.club is not None:
        return without_links(channel.club.name)
    user = channel.user
    return without_links(user.get_full_name() or user.username) if user is not None else ""

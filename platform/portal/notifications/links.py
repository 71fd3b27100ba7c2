"""The links of mails to a channel's e-mail address."""

from __future__ import annotations

from datetime import timedelta

from portal.signed_links import SignedLink

CONFIRM_WITHIN = timedelta(days=3)
# Of a Confirmation: confirms the channel's address, once.
CONFIRMATION = SignedLink("notification-confirm", "madang.notifications.confirm", CONFIRM_WITHIN)
# Of a Channel: removes it.
STOP = SignedLink("notification-stop", "madang.notifications.stop")

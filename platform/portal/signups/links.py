"""The links of an application, whose applicant has no account."""

from __future__ import annotations

from datetime import timedelta

from portal.signed_links import SignedLink

CONFIRM_WITHIN = timedelta(hours=48)
# Confirms the applicant's e-mail address, once.
CONFIRMATION = SignedLink("apply-confirm", "madang.signups.confirm", CONFIRM_WITHIN)
# Shows how the application stands.
STATE = SignedLink("apply-state", "madang.signups.state")

"""Where people get stuck, and the section of a guide that helps there."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Topic:
    """A section by its English anchor, which leads to it in every language; `words` are the link's."""

    guide: str
    anchor: str
    words: Promise

    @property
    def address(self) -> str:
        return f"/help/{self.guide}#{self.anchor}"


TOPICS = {
    "first-push": Topic("students", "the-first-push", _("The first push, step by step")),
    "language": Topic("students", "what-your-language-needs", _("What your language needs")),
    "account": Topic("students", "your-account", _("How you get an account, and what to do with it")),
    "key": Topic("students", "keys", _("What a key may do, and how to keep it")),
    "failed": Topic("students", "when-it-says-no", _("When it says no: what errors mean")),
    "not-answering": Topic(
        "students", "when-the-address-does-not-answer", _("When the address does not answer")
    ),
    "suspended": Topic("students", "when-your-club-is-suspended", _("When your club is suspended")),
    "variables": Topic("students", "settings-and-secrets", _("Settings and secrets")),
    "club-people": Topic("owners", "people", _("Who may do what in a club")),
    "club-keys": Topic("owners", "keys", _("How to care for keys")),
    "club-budget": Topic("owners", "budget", _("How a budget is counted")),
    "club-suspended": Topic(
        "owners", "when-an-operator-suspends-the-club", _("What a suspension means for a club")
    ),
}

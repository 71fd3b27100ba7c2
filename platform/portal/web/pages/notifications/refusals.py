"""Refusals in the reader's language. The actions say them in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployer.errors import Explanation
from portal.problems import Problem

# reason → what happened, what to do next
_WORDS: Mapping[str, tuple[Promise, Promise]] = {
    "bad-target": (
        _("Nothing can be sent to this address."),
        _("Copy it again from the chat, or use a public https address."),
    ),
    "bad-events": (_("A channel has to be told of something."), _("Choose at least one event.")),
    "bad-name": (_("A channel needs a name."), _("Give one of at most 100 characters.")),
    "too-many-channels": (
        _("There are as many channels as there may be."),
        _("Remove one that nobody needs."),
    ),
    "too-many-tests": (_("There were many tests in the last hour."), _("Wait a while, then try again.")),
    "not-found": (_("This channel is gone already."), _("Load the page again.")),
}


def told(problem: Problem) -> Explanation:
    """What the page shows: the evidence stays as it is, with what was wrong in the action's own words."""
    explanation = problem.explanation
    if explanation.reason not in _WORDS:
        return explanation
    what, further = _WORDS[explanation.reason]
    evidence = explanation.what if explanation.reason == "bad-target" else explanation.evidence
    return replace(explanation, what=str(what), evidence=evidence, next=str(further))

"""Refusals in the reader's language. The actions say them in English, as git push and the API do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployer.errors import Explanation
from portal.problems import Problem
from portal.translating import explained

# reason → what happened, what to do next
_WORDS: Mapping[str, tuple[Promise, Promise]] = {
    "already-asked": (
        _("Your club has asked already, and no operator has answered yet."),
        _("Wait for the answer, or withdraw that request first."),
    ),
    "already-decided": (
        _("This request has been decided already."),
        _("Look at the club's budget; then ask again if you still need to."),
    ),
    "bad-budget": (
        _("Each part of a budget has to be more than nothing, and less than a whole school has."),
        _("Give other numbers."),
    ),
    "bad-name": (
        _("This cannot be a name here."),
        _("Use lower-case letters, digits and single hyphens, a letter first."),
    ),
    "club-has-projects": (_("The club still has projects."), _("Delete its projects first, then try again.")),
    "name-reserved": (_("This name belongs to Madang itself."), _("Choose another name.")),
    "not-larger": (
        _("Your club has as much already."),
        _("Ask for more memory, CPU or copies than it has."),
    ),
    "project-exists": (
        _("There is a project of this name already, or it is just being deleted."),
        _("Choose another name."),
    ),
    "subdomain-taken": (_("The web address of this name is taken."), _("Choose another name.")),
    "too-many-projects": (
        _("Your club has as many projects as it may have."),
        _("Delete one that nobody needs, or ask the operator for more."),
    ),
}


def told(problem: Problem) -> Explanation:
    """What the page shows: the evidence stays as it is."""
    explanation = problem.explanation
    if explanation.reason not in _WORDS:
        return explanation
    what, next_step = _WORDS[explanation.reason]
    return replace(explanation, what=str(what), next=str(next_step))


def in_one_line(problem: Problem) -> str:
    """For a field: what happened and what to do."""
    explanation = explained(told(problem))
    return f"{explanation.what} {explanation.next}".strip()

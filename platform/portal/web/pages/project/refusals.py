"""Refusals of a project's actions in the reader's language; the evidence stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployer.errors import Explanation
from portal.problems import Problem
from portal.translating import explained
from portal.web.pages.club import refusals

# reason → what happened, what to do next
_WORDS: Mapping[str, tuple[Promise, Promise]] = {
    "already-ended": (
        _("This build has ended already."),
        _("To take a release back, roll back to the one before."),
    ),
    "bad-branch": (
        _("This cannot be a branch's name."),
        _("Use letters, digits, - _ . and /, as in main or release/2026."),
    ),
    "bad-cpu": (_("A copy has 10m to 64000m of CPU."), _("Choose another amount.")),
    "bad-memory": (_("A copy has 16 MiB to 64 GiB of memory."), _("Choose another amount.")),
    "bad-replicas": (_("A project has 1 to 10 copies."), _("Choose another number.")),
    "bad-variable-name": (
        _("This cannot be a variable's name."),
        _("Use letters, digits and _, no digit first."),
    ),
    "bad-variable-value": (_("This value cannot be kept."), _("Give text of at most 32 KiB.")),
    "config-too-large": (
        _("All variables together are too large (512 KiB at most)."),
        _("Keep large data in the repository or elsewhere."),
    ),
    "image-gone": (
        _("The image of this one is not kept any more."),
        _("Push its commit again, or choose a newer one."),
    ),
    "never-live": (_("This release never worked."), _("Choose one that was live.")),
    "no-image": (
        _("This build made no image."),
        _("Push its commit again: git commit --allow-empty -m retry && git push madang"),
    ),
    "nothing-before": (_("There is no earlier release to go back to."), _("Push a new version instead.")),
    "nothing-live": (_("Nothing of this project runs."), _("Push first.")),
    "set-in-file": (
        _("madang.yaml sets this: what is set there cannot be changed here."),
        _("Change it in madang.yaml and push, or take the line out of it."),
    ),
    "over-budget": (
        _("This does not fit into your club's budget."),
        _(
            "Lower copies, memory or CPU, delete a project that nobody needs, or ask the operator for a "
            "larger budget."
        ),
    ),
    "too-many-readers": (
        _("Very many logs are being followed just now."),
        _("Try again in a minute."),
    ),
    "bad-env-line": (
        _("A line of the text is no variable."),
        _("Write NAME=value, one a line; put a value with spaces or # into quotes."),
    ),
    "variable-reserved": (_("Madang sets this variable itself."), _("Choose another name.")),
}


def told(problem: Problem) -> Explanation:
    """What the page shows."""
    explanation = problem.explanation
    return told_of(explanation) if explanation.reason in _WORDS else refusals.told(problem)


def told_of(explanation: Explanation) -> Explanation:
    """The same of what is no problem's."""
    if explanation.reason not in _WORDS:
        return explanation
    what, next_step = _WORDS[explanation.reason]
    evidence = explanation.evidence or (explanation.what if explanation.reason == "over-budget" else "")
    return replace(explanation, what=str(what), evidence=evidence, next=str(next_step))


def in_one_line(problem: Problem) -> str:
    """For a field: what happened and what to do."""
    explanation = explained(told(problem))
    return f"{explanation.what} {explanation.next}".strip()

"""Machine words of the operator's pages as people read them, and their colours."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.fleet.reasons import in_words
from portal.fleet.timeline import Step

_NODE_STEPS: Mapping[str, Promise] = {
    "noticed": gettext_lazy("Notice: the node will be taken"),
    "fenced": gettext_lazy("Fenced: nothing new comes to it"),
    "moving": gettext_lazy("Its pods begin to move"),
    "clear": gettext_lazy("Clear: nothing is left on it"),
    "gone": gettext_lazy("The node is gone"),
    "cancelled": gettext_lazy("Called off"),
    "deadline": gettext_lazy("Deadline: the cloud may take it from here on"),
}
_POD_STEPS: Mapping[str, Promise] = {
    "blocked": gettext_lazy("%(pod)s cannot move: %(why)s"),
    "detached": gettext_lazy("%(pod)s is detached: a replacement starts, it serves on"),
    "ready": gettext_lazy("%(pod)s: its replacement is ready%(where)s"),
    "unserved": gettext_lazy("%(pod)s gets no new visitors"),
    "retired": gettext_lazy("%(pod)s has ended"),
}
_STYLES = {
    "clear": "success",
    "ready": "success",
    "blocked": "error",
    "deadline": "warning",
    "gone": "neutral",
}


def step_said(step: Step) -> str:
    pod = step.pod
    if pod is None:
        return str(_NODE_STEPS[step.word])
    where = _(" on %(node)s") % {"node": pod.replacement_node} if pod.replacement_node else ""
    return str(_POD_STEPS[step.word]) % {
        "pod": f"{pod.club}/{pod.project}" if pod.project else f"{pod.namespace}/{pod.name}",
        "why": in_words(pod.blocked_reason) or _("no reason was told"),
        "where": where,
    }


def step_style(word: str) -> str:
    return _STYLES.get(word, "info")

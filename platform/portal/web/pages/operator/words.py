"""Machine words of the operator's pages as people read them, and their colours."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployer.errors import Explanation
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
# reason → what happened, what to do next
_EXPLAINED: Mapping[str, tuple[Promise, Promise]] = {
    "node-changed": (
        gettext_lazy("The node is not there any more, or goes already."),
        gettext_lazy("Choose another node on the fleet's page."),
    ),
    "called-off": (
        gettext_lazy("The cloud called the interruption off: the node stays."),
        gettext_lazy("Drill again, or another node."),
    ),
    "not-told": (
        gettext_lazy("Ten minutes after the order nobody had told the portal that the node is gone."),
        gettext_lazy("Look at the spot controller's log, and whether MADANG_SPOT_REPORT_KEY is set."),
    ),
    "cloud-silent": (
        gettext_lazy("The cloud did not answer."),
        gettext_lazy("On the embedded cluster `make up` starts the stand-in cloud again."),
    ),
    "cloud-refused": (
        gettext_lazy("The cloud refused to take the node."),
        gettext_lazy("Choose another node; docs/operators.md (Drills) says what the cloud wants."),
    ),
    "worker-died": (
        gettext_lazy("The drill's worker died each time."),
        gettext_lazy("Look at the log of worker-default."),
    ),
    "drills-off": (
        gettext_lazy("Drills are off on this platform."),
        gettext_lazy("Set MADANG_DRILLS to local or aws (docs/operators.md, Drills)."),
    ),
    "cancelled": (
        gettext_lazy("The drill was cancelled before anything was ordered."),
        gettext_lazy("Nothing happened."),
    ),
}


def step_said(step: Step) -> str:
    pod = step.pod
    if pod is None:
        return str(_NODE_STEPS[step.word])
    where = _(" on %(node)s") % {"node": pod.replacement_node} if pod.replacement_node else ""
    return str(_POD_STEPS[step.word]) % {
        "pod": f"{pod.club}/{pod.project}" if pod.project else f"{pod.namespace}/{pod.name}",
        "why": pod.blocked_reason or _("no reason was told"),
        "where": where,
    }


def step_style(word: str) -> str:
    return _STYLES.get(word, "info")


def explained(told: Mapping[str, str] | None) -> Explanation | None:
    """A stored explanation in the reader's language; the evidence stays as it is."""
    if not told:
        return None
    explanation = Explanation.from_dict(told)
    if explanation.reason not in _EXPLAINED:
        return explanation
    what, next_step = _EXPLAINED[explanation.reason]
    return Explanation(explanation.reason, str(what), explanation.evidence, str(next_step))

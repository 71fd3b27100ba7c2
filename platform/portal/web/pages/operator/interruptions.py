"""`/operator/interruptions`: which nodes went, how what was on them moved, and what it came to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from portal.drills.models import Drill
from portal.fleet.listing import summaries
from portal.fleet.models import Interruption
from portal.fleet.savings import savings
from portal.fleet.states import InterruptionState, Way
from portal.fleet.timeline import Step, steps
from portal.fleet.totals import totals
from portal.fleet.visitors import visitors
from portal.web.pages.operator.words import step_said, step_style
from portal.web.request import PageRequest

_ROWS = 50
_DAYS = {"1": gettext_lazy("24 hours"), "7": gettext_lazy("7 days"), "30": gettext_lazy("30 days")}


class SoughtForm(forms.Form):
    node = forms.CharField(label=gettext_lazy("Node"), required=False, max_length=253)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    days = forms.ChoiceField(label=gettext_lazy("Noticed within"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(state.value, _(state.value)) for state in InterruptionState]
        self.fields["state"].choices = [("", _("All")), *states]  # type: ignore[attr-defined]
        self.fields["days"].choices = [("", _("All that is kept")), *_DAYS.items()]  # type: ignore[attr-defined]


@require_GET
def interruptions(request: PageRequest) -> HttpResponse:
    form = SoughtForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    days = given.get("days")
    since = timezone.now() - timedelta(days=int(days)) if days else None
    before = Interruption.objects.filter(pk=request.GET.get("before", "")).first()
    found = summaries(
        limit=_ROWS + 1,
        node=given.get("node") or None,
        state=given.get("state") or None,
        since=since,
        before=before,
    )
    chosen = request.GET.copy()
    chosen.pop("before", None)
    context = {
        "tab": "interruptions",
        "form": form,
        "found": found[:_ROWS],
        "before": found[_ROWS - 1].id if len(found) > _ROWS else "",
        "query": chosen.urlencode(),
        "filtered": any(chosen.values()),
        "totals": totals(since),
        "savings": savings(since),
    }
    return render(request, "web/operator/interruptions.html", context, status=422 if form.errors else 200)


@require_GET
def one(request: PageRequest, id: str) -> HttpResponse:
    interruption = Interruption.objects.filter(pk=id).first()
    if interruption is None:
        raise Http404(f"no interruption {id}")
    pods = list(interruption.pods.all())
    told = steps(interruption, pods)
    context = {
        "tab": "interruptions",
        "interruption": interruption,
        "events": [_event(interruption, each) for each in told],
        "pods": [pod for pod in pods if pod.way != Way.LEAVE],
        "staying": sum(pod.way == Way.LEAVE for pod in pods),
        "drill": Drill.objects.filter(interruption=interruption.pk).first(),
        "visitors": visitors(interruption, pods),
    }
    return render(request, "web/operator/interruption.html", context)


def _event(interruption: Interruption, step: Step) -> dict[str, Any]:
    seconds = (step.at - interruption.noticed_at).total_seconds()
    return {
        "at": step.at,
        "after": f"{seconds:+.1f} s",
        "title": step_said(step),
        "kind": step_style(step.word),
    }

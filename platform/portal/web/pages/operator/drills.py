"""`/operator/drills`: a node interrupted on purpose, and what its visitors met."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from deployer.errors import Explanation
from portal.drills.actions import cancel_drill, start_drill
from portal.drills.choosing import MOST_PROJECTS, chosen, drillable, met
from portal.drills.models import OPEN, Drill, DrillProject, DrillState
from portal.environment import environment
from portal.fleet import live
from portal.problems import Problem
from portal.translating import explained, in_one_line
from portal.web.once import once
from portal.web.request import PageRequest

_COMPARED = 30
_BARS = 120


@dataclass(frozen=True)
class Bar:
    """A time of a project's drill: of a bar's whole height, how much was answered and how much was not."""

    x: int
    answered: float
    failed: float
    title: str


@dataclass(frozen=True)
class Met:
    row: DrillProject
    bars: tuple[Bar, ...]

    @property
    def width(self) -> int:
        return self.bars[-1].x + 1


@require_GET
def drills(request: PageRequest) -> HttpResponse:
    found = list(Drill.objects.all()[:_COMPARED])
    measured = [drill for drill in reversed(found) if drill.score is not None]
    most = max((drill.longest_gap_seconds for drill in measured), default=0.0) or 1.0
    context = {
        "tab": "drills",
        "drills": found,
        # Of a hundred, and never quite nothing: a drill without a gap is seen too.
        "gaps": [(drill, round(max(3.0, 100 * drill.longest_gap_seconds / most), 1)) for drill in measured],
        "provider": environment().drills,
    }
    return render(request, "web/operator/drills.html", context)


@require_http_methods(["GET", "POST"])
@once
def new(request: PageRequest) -> HttpResponse:
    """Names the node and the projects before anything happens; the post has it happen."""
    look = live.look()
    wanted = request.POST.get("node") or request.GET.get("node", "worst")
    node = chosen(look.fleet, wanted) if look.fleet is not None else None
    problem: Explanation | None = None
    status = 200
    if request.method == "POST":
        try:
            if node is None or node.instance_id != request.POST.get("instance_id"):
                messages.error(request, _("That node is not what it was: choose again."))
                return redirect("operator-fleet")
            return redirect("operator-drill", start_drill(by=request.by, node=node).pk)
        except Problem as error:
            problem, status = error.explanation, error.status
    projects = met(look.fleet, node.name) if look.fleet is not None and node is not None else []
    context = {
        "tab": "drills",
        "node": node,
        "wanted": wanted,
        "worst": wanted == "worst",
        "others": drillable(look.fleet) if look.fleet is not None else [],
        "projects": projects,
        "sole": sum(project.sole for project in projects),
        "most": MOST_PROJECTS,
        "trouble": explained(look.trouble) if look.trouble else None,
        "provider": environment().drills,
        "under_way": Drill.objects.filter(state__in=OPEN).first(),
        "problem": problem,
    }
    return render(request, "web/operator/drill_new.html", context, status=status)


@require_GET
def one(request: PageRequest, number: int) -> HttpResponse:
    drill = _find(number)
    rows = list(drill.projects.all())
    context = {
        "tab": "drills",
        "drill": drill,
        "open": drill.state in OPEN,
        "pending": drill.state == DrillState.PENDING,
        "explanation": drill.explanation,
        "met": [Met(row, bars(row)) for row in rows],
        "others": list(Drill.objects.exclude(pk=drill.pk).exclude(score=None)[:5]),
    }
    template = "web/operator/drill_told.html" if request.htmx else "web/operator/drill.html"
    return render(request, template, context)


@require_POST
@once
def cancel(request: PageRequest, number: int) -> HttpResponse:
    drill = _find(number)
    try:
        cancel_drill(by=request.by, drill=drill)
    except Problem as error:
        messages.error(request, in_one_line(error.explanation))
    else:
        messages.success(request, _("The drill was cancelled before anything was ordered."))
    return redirect("operator-drill", number)


def bars(row: DrillProject) -> tuple[Bar, ...]:
    """At most 120 bars over the drill's time, each of as many seconds as it needs."""
    if not row.seconds:
        return ()
    first, last = row.seconds[0][0], row.seconds[-1][0]
    width = -(-(last - first + 1) // _BARS)
    sums: dict[int, list[int]] = {}
    for second, requests, failures in row.seconds:
        found = sums.setdefault((second - first) // width, [0, 0])
        found[0] += requests
        found[1] += failures
    most = max(requests for requests, _failures in sums.values())
    return tuple(
        Bar(
            x=place,
            answered=round(20 * (requests - failures) / most, 2),
            failed=round(20 * failures / most, 2),
            title=_("%(second)s s: %(failures)d of %(requests)d failed")
            % {"second": f"{first + place * width:+d}", "failures": failures, "requests": requests},
        )
        for place, (requests, failures) in sorted(sums.items())
    )


def _find(number: int) -> Drill:
    drill = Drill.objects.filter(pk=number).first()
    if drill is None:
        raise Http404(f"no drill {number}")
    return drill

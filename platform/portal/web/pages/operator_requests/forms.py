"""What an operator gives with a decision."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from portal.clubs.asking import MOST
from portal.clubs.budget import Share
from portal.clubs.limits import MOST as MOST_COUNTED
from portal.signups.deciding import REASON_LENGTH
from portal.signups.grants import PRESETS, Grant

_MIB = 1 << 20


class GrantForm(forms.Form):
    """A budget in the units that people think in."""

    memory = forms.IntegerField(
        label=gettext_lazy("Memory (MiB)"), min_value=64, max_value=MOST.memory_bytes // _MIB
    )
    cpu = forms.DecimalField(
        label=gettext_lazy("CPU (cores)"),
        min_value=Decimal("0.1"),
        max_value=MOST.cpu_millicores // 1000,
        decimal_places=3,
    )
    pods = forms.IntegerField(label=gettext_lazy("Copies of all apps"), min_value=1, max_value=MOST.pods)
    projects = forms.IntegerField(label=gettext_lazy("Projects"), min_value=1, max_value=MOST_COUNTED)
    builds = forms.IntegerField(label=gettext_lazy("Builds at once"), min_value=1, max_value=MOST_COUNTED)

    @property
    def grant(self) -> Grant:
        """Of a form that is valid."""
        given = self.cleaned_data
        return Grant(
            Share(
                memory_bytes=given["memory"] * _MIB,
                cpu_millicores=int(given["cpu"] * 1000),
                pods=given["pods"],
            ),
            projects=given["projects"],
            builds=given["builds"],
        )


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why? The applicant reads it and can amend the application."),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@dataclass(frozen=True)
class Preset:
    """`values` are the form's."""

    name: str
    label: Any
    values: dict[str, str]


def values_of(grant: Grant) -> dict[str, str]:
    """A grant as the form's fields."""
    return {
        "memory": str(grant.share.memory_bytes // _MIB),
        "cpu": f"{grant.share.cpu_millicores / 1000:g}",
        "pods": str(grant.share.pods),
        "projects": str(grant.projects),
        "builds": str(grant.builds),
    }


def presets() -> list[Preset]:
    """The smallest first."""
    labels = {
        "small": gettext_lazy("Small"),
        "medium": gettext_lazy("Medium"),
        "large": gettext_lazy("Large"),
    }
    return [Preset(name, labels[name], values_of(grant)) for name, grant in PRESETS.items()]

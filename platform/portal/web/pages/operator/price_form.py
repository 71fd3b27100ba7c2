"""A line of the price table as an operator types it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy


class PriceForm(forms.Form):
    instance_type = forms.CharField(label=gettext_lazy("Instance type"), max_length=63)
    spot = forms.DecimalField(
        label=gettext_lazy("Spot, per hour"), min_value=0, max_digits=12, decimal_places=5
    )
    on_demand = forms.DecimalField(
        label=gettext_lazy("On-demand, per hour"), min_value=0, max_digits=12, decimal_places=5
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        min_length=3,
        max_length=3,
        help_text=gettext_lazy("Three letters, as in KRW or USD"),
    )

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

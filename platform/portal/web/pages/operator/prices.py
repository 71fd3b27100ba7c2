"""The price table: what an hour of each instance type costs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.fleet.pricing import remove_price, set_price
from portal.problems import Problem
from portal.web.pages.operator.price_form import PriceForm
from portal.web.pages.operator.settings import page
from portal.web.request import PageRequest


@require_POST
def set_one(request: PageRequest) -> HttpResponse:
    form = PriceForm(request.POST)
    if not form.is_valid():
        return page(request, form, status=422)
    given = form.cleaned_data
    try:
        price = set_price(by=request.by, **given)
    except Problem as error:
        return page(request, form, error.explanation, error.status)
    messages.success(request, _("The price of %(type)s is set.") % {"type": price.instance_type})
    return redirect("operator-settings")


@require_POST
def remove(request: PageRequest) -> HttpResponse:
    name = request.POST.get("instance_type", "")[:63]
    remove_price(by=request.by, instance_type=name)
    messages.success(request, _("%(type)s has no price any more.") % {"type": name})
    return redirect("operator-settings")

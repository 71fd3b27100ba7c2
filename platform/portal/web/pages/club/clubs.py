"""`/clubs`: the clubs that somebody belongs to."""

from __future__ import annotations

from typing import cast

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.accounts.models import User
from portal.clubs.models import Membership
from portal.web.pages.club.words import role_name
from portal.web.request import PageRequest


@require_GET
def clubs(request: PageRequest) -> HttpResponse:
    living = Count("club__projects", filter=Q(club__projects__deleted_at=None))
    memberships = (
        Membership.objects.filter(user=cast("User", request.user))
        .select_related("club")
        .annotate(projects=living)
        .order_by("club__name")
    )
    found = [(membership, role_name(membership.role)) for membership in memberships]
    return render(request, "web/club/clubs.html", {"clubs": found})

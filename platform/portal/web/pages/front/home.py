"""`/`: what Madang is, for visitors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.environment import environment


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "web/front/home.html", {"git_url": environment().git_url})

"""Below /help; guides for operators have routes of their own, as the gate goes by routes."""

from __future__ import annotations

from django.urls import path

from portal.web.pages.help import reading

urlpatterns = [
    path("", reading.overview, name="help-home"),
    path("/operators", reading.for_operators, {"name": "operators"}, name="help-operators"),
    path("/images", reading.for_operators, {"name": "images"}, name="help-images"),
    path("/<slug:name>", reading.for_all, name="help-guide"),
]

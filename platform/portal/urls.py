"""Addresses of the portal."""

from __future__ import annotations

from django.contrib.staticfiles.views import serve
from django.urls import path

from portal.api.application import api
from portal.registry.views import token
from portal.web import views

urlpatterns = [
    path("", views.home),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("registry/token", token),
    path("api/v1/", api.urls),
    # A few files of the API's own page; "insecure" says no more than that Django serves them itself.
    path("static/<path:path>", serve, {"insecure": True}),
]

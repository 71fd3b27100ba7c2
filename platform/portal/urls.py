"""Addresses of the portal."""

from __future__ import annotations

from django.urls import include, path

from portal.api.application import api
from portal.registry.views import token
from portal.web import health
from portal.web.repairs.models import repairs

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("registry/token", token, name="registry-token"),
    path("api/v1/", api.urls),
    path("admin/", repairs.urls),
    path("", include("portal.web.urls")),
]

handler400 = "portal.web.errors.bad_request"
handler403 = "portal.web.errors.forbidden"
handler404 = "portal.web.errors.missing"
# allauth looks for it here.
handler429 = "portal.web.errors.too_often"
handler500 = "portal.web.errors.mistake"

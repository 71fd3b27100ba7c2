"""Addresses of the portal."""

from __future__ import annotations

from django.urls import path

from portal.web import views

urlpatterns = [
    path("", views.home),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
]

from __future__ import annotations

from django.urls import path

from portal.web.pages.apply import applying, standing

urlpatterns = [
    path("", applying.form, name="apply-form"),
    path("/name", applying.name, name="apply-name"),
    path("/sent", applying.sent, name="apply-sent"),
    path("/confirm/<str:token>", standing.confirm, name="apply-confirm"),
    path("/<str:token>", standing.state, name="apply-state"),
]

"""Links of the mails themselves, for people who may have no account."""

from __future__ import annotations

from django.urls import path

from portal.web.pages.notifications import agreeing

urlpatterns = [
    path("confirm/<str:token>", agreeing.confirm, name="notification-confirm"),
    path("stop/<str:token>", agreeing.stop, name="notification-stop"),
]

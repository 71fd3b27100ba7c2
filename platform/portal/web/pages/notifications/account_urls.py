"""Below /account/notifications."""

from __future__ import annotations

from django.urls import path

from portal.web.pages.notifications import channels

urlpatterns = [
    path("", channels.channels, name="account-notifications"),
    path("/<int:channel>/events", channels.events, name="account-notification-events"),
    path("/<int:channel>/test", channels.test, name="account-notification-test"),
    path("/<int:channel>/remove", channels.remove, name="account-notification-remove"),
    path("/<int:channel>/ask", channels.ask, name="account-notification-ask"),
]

"""Below /clubs/<club>/notifications."""

from __future__ import annotations

from django.urls import path

from portal.web.pages.notifications import channels

urlpatterns = [
    path("", channels.channels, name="club-notifications"),
    path("/<int:channel>/events", channels.events, name="club-notification-events"),
    path("/<int:channel>/test", channels.test, name="club-notification-test"),
    path("/<int:channel>/remove", channels.remove, name="club-notification-remove"),
    path("/<int:channel>/ask", channels.ask, name="club-notification-ask"),
]

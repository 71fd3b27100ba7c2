"""Below /clubs/<club>/notifications."""

from __future__ import annotations

from django.urls import path

from portal.web.pages.notifications import channels

urlpatterns = [
    path("", channels.of_club, name="club-notifications"),
    path("/<int:channel>/events", channels.events_of_club, name="club-notification-events"),
    path("/<int:channel>/test", channels.test_of_club, name="club-notification-test"),
    path("/<int:channel>/remove", channels.remove_of_club, name="club-notification-remove"),
    path("/<int:channel>/ask", channels.ask_of_club, name="club-notification-ask"),
]

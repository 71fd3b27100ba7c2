"""Below /account/notifications."""

from __future__ import annotations

from django.urls import path

from portal.web.pages.notifications import channels

urlpatterns = [
    path("", channels.of_person, name="account-notifications"),
    path("/<int:channel>/events", channels.events_of_person, name="account-notification-events"),
    path("/<int:channel>/test", channels.test_of_person, name="account-notification-test"),
    path("/<int:channel>/remove", channels.remove_of_person, name="account-notification-remove"),
    path("/<int:channel>/ask", channels.ask_of_person, name="account-notification-ask"),
]

"""Links that come by mail to people who are not signed in."""

from __future__ import annotations

from django.urls import path

from portal.web.pages.apply import joining, welcome

urlpatterns = [
    path("welcome/<str:token>", welcome.welcome, name="apply-welcome"),
    path("welcome/key/<slug:key>", welcome.first_key, name="apply-first-key"),
    path("invitations/<str:token>", joining.invitation, name="apply-invitation"),
]

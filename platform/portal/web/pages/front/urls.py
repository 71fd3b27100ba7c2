from __future__ import annotations

from django.urls import path

from portal.web.pages.front import home, preferences, status

urlpatterns = [
    path("", home.home, name="front-home"),
    path("status", status.status, name="front-status"),
    path("language", preferences.language, name="front-language"),
    path("theme", preferences.theme, name="front-theme"),
    path("robots.txt", home.robots, name="front-robots"),
    path("favicon.ico", home.favicon, name="front-favicon"),
]

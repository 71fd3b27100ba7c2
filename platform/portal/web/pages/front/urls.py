from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from portal.web.pages.front import home

urlpatterns = [
    path("", home.home, name="front-home"),
    path("language", set_language, name="front-language"),
]

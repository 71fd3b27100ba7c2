"""allauth's views at our addresses; their names stay allauth's, which its redirects use."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import path

urlpatterns = [
    path("login", account.login, name="account_login"),
    path("logout", account.logout, name="account_logout"),
]

"""How allauth does things here: no open sign-up, links by the public address, secrets encrypted."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest, HttpResponse

from portal import encryption
from portal.accounts.models import User
from portal.public_address import public_address
from portal.web.pages.front.preferences import remember_language


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come by one-time links only (`portal.accounts.welcoming`)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As `portal.forwarded` found it."""
        return str(request.META.get("REMOTE_ADDR", "")) or "0.0.0.0"  # noqa: S104 - no address is one too

    def get_reset_password_from_key_url(self, key: str) -> str:
        uidb36, _, token = key.partition("-")
        return public_address("account_reset_password_from_key", uidb36, token)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return public_address("account_confirm_email", emailconfirmation.key)

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        """From here on the browser sees the person's own language."""
        response: HttpResponse = super().post_login(request, user, **details)
        if user.language:
            remember_language(response, user.language)
        return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Another service says who somebody is; whether they have an account is ours to say."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):
    """Second factors' secrets are encrypted like config values."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text.encode())

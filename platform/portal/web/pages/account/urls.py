"""allauth's views at our addresses; their names stay allauth's, which its redirects use."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.urls import path, re_path

from portal.web.pages.account import profile, sessions

urlpatterns = [
    path("login", account.login, name="account_login"),
    path("login/code", mfa.authenticate, name="mfa_authenticate"),
    path("login/passkey", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("login/inactive", account.account_inactive, name="account_inactive"),
    path("login/oidc/<slug:provider_id>", oidc.login, name="openid_connect_login"),
    path("login/oidc/<slug:provider_id>/callback", oidc.callback, name="openid_connect_callback"),
    path("login/oidc-cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("login/oidc-error", social.login_error, name="socialaccount_login_error"),
    path("login/oidc-unknown", social.signup, name="socialaccount_signup"),
    path("logout", account.logout, name="account_logout"),
    path("password/reset", account.password_reset, name="account_reset_password"),
    path("password/reset/sent", account.password_reset_done, name="account_reset_password_done"),
    # The key has hyphens of its own.
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account", profile.profile, name="account-profile"),
    path("account/sessions", sessions.sessions, name="account-sessions"),
    path("account/password", account.password_change, name="account_change_password"),
    path("account/password/set", account.password_set, name="account_set_password"),
    path("account/email", account.email, name="account_email"),
    path("account/email/sent", account.email_verification_sent, name="account_email_verification_sent"),
    path("account/email/confirm/<str:key>", account.confirm_email, name="account_confirm_email"),
    path("account/again", account.reauthenticate, name="account_reauthenticate"),
    path(
        "account/again/mail",
        account.request_reauthentication_code,
        name="account_request_reauthentication_code",
    ),
    path(
        "account/again/mail/code",
        account.confirm_reauthentication_code,
        name="account_confirm_reauthentication_code",
    ),
    path("account/again/code", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/again/passkey", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/connections", social.connections, name="socialaccount_connections"),
    path("account/two-factor", mfa.index, name="mfa_index"),
    path("account/two-factor/app", totp.activate_totp, name="mfa_activate_totp"),
    path("account/two-factor/app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/two-factor/codes", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/two-factor/codes/new",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/two-factor/codes/download",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("account/passkeys", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/new", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
]

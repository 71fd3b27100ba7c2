"""Who may open which route: one table, by the route's name. What is not in it is open to nobody."""

from __future__ import annotations

from enum import Enum


class Access(Enum):
    """Whom a route is for. Actions check again what may be done."""

    PUBLIC = "anybody"
    SIGNED = "whoever holds the signed link, which the view checks"
    KEY = "an access key, which the API checks"
    PERSON = "whoever is signed in"
    MEMBER = "members of the club"
    MAINTAINER = "maintainers and owners of the club"
    OWNER = "owners of the club"
    OPERATOR = "operators"


PERMISSIONS: dict[str, Access] = {
    # front
    "front-home": Access.PUBLIC,
    "front-status": Access.PUBLIC,
    "front-language": Access.PUBLIC,
    "front-theme": Access.PUBLIC,
    "front-robots": Access.PUBLIC,
    "front-favicon": Access.PUBLIC,
    "healthz": Access.PUBLIC,
    "readyz": Access.PUBLIC,
    # account: allauth's names and ours
    "account_login": Access.PUBLIC,
    "mfa_authenticate": Access.PUBLIC,
    "mfa_login_webauthn": Access.PUBLIC,
    "account_inactive": Access.PUBLIC,
    "openid_connect_login": Access.PUBLIC,
    "openid_connect_callback": Access.PUBLIC,
    "socialaccount_login_cancelled": Access.PUBLIC,
    "socialaccount_login_error": Access.PUBLIC,
    "socialaccount_signup": Access.PUBLIC,
    "account_logout": Access.PUBLIC,
    "account_reset_password": Access.PUBLIC,
    "account_reset_password_done": Access.PUBLIC,
    "account_reset_password_from_key": Access.SIGNED,
    "account_reset_password_from_key_done": Access.PUBLIC,
    "account_confirm_email": Access.SIGNED,
    "account-profile": Access.PERSON,
    "account-sessions": Access.PERSON,
    "account_change_password": Access.PERSON,
    "account_set_password": Access.PERSON,
    "account_email": Access.PERSON,
    "account_email_verification_sent": Access.PERSON,
    "account_reauthenticate": Access.PERSON,
    "account_request_reauthentication_code": Access.PERSON,
    "account_confirm_reauthentication_code": Access.PERSON,
    "mfa_reauthenticate": Access.PERSON,
    "mfa_reauthenticate_webauthn": Access.PERSON,
    "socialaccount_connections": Access.PERSON,
    "mfa_index": Access.PERSON,
    "mfa_activate_totp": Access.PERSON,
    "mfa_deactivate_totp": Access.PERSON,
    "mfa_view_recovery_codes": Access.PERSON,
    "mfa_generate_recovery_codes": Access.PERSON,
    "mfa_download_recovery_codes": Access.PERSON,
    "mfa_list_webauthn": Access.PERSON,
    "mfa_add_webauthn": Access.PERSON,
    "mfa_edit_webauthn": Access.PERSON,
    "mfa_remove_webauthn": Access.PERSON,
    # Django's admin
    "admin:*": Access.OPERATOR,
    # the registry, whose clients log in by themselves
    "registry-token": Access.KEY,
    # the API
    "api-v1:openapi-json": Access.PUBLIC,
    "api-v1:openapi-view": Access.PUBLIC,
    "api-v1:api-root": Access.PUBLIC,
    "api-v1:list_builds": Access.KEY,
    "api-v1:cancel": Access.KEY,
    "api-v1:rebuild": Access.KEY,
    "api-v1:get_config": Access.KEY,
    "api-v1:change_config": Access.KEY,
    "api-v1:put_interruption": Access.KEY,
    "api-v1:whoami": Access.KEY,
    "api-v1:list_keys": Access.KEY,
    "api-v1:create_key": Access.KEY,
    "api-v1:revoke_key": Access.KEY,
    "api-v1:logs": Access.KEY,
    "api-v1:list_projects": Access.KEY,
    "api-v1:create_project": Access.KEY,
    "api-v1:get_project": Access.KEY,
    "api-v1:delete_project": Access.KEY,
    "api-v1:list_releases": Access.KEY,
    "api-v1:rollback": Access.KEY,
    "api-v1:latest_stream": Access.KEY,
    "api-v1:watch": Access.KEY,
    # apply: the form, and links that come by mail
    "apply-form": Access.PUBLIC,
    "apply-name": Access.PUBLIC,
    "apply-sent": Access.PUBLIC,
    "apply-confirm": Access.SIGNED,
    "apply-state": Access.SIGNED,
    "apply-welcome": Access.SIGNED,
    "apply-first-key": Access.PERSON,
    "apply-invitation": Access.SIGNED,
    # club
    "club-list": Access.PERSON,
    "club-home": Access.MEMBER,
    "club-new": Access.MAINTAINER,
    "club-new-check": Access.MAINTAINER,
    "club-keys": Access.OWNER,
    "club-key-made": Access.OWNER,
    "club-key-revoke": Access.OWNER,
    "club-members": Access.MEMBER,
    "club-invite": Access.OWNER,
    "club-leave": Access.MEMBER,
    "club-member-role": Access.OWNER,
    "club-member-remove": Access.OWNER,
    "club-invitation-resend": Access.OWNER,
    "club-invitation-revoke": Access.OWNER,
    "club-budget": Access.MEMBER,
    "club-budget-ask": Access.OWNER,
    "club-budget-withdraw": Access.OWNER,
    "club-audit": Access.OWNER,
    "club-audit-export": Access.OWNER,
    "club-settings": Access.OWNER,
    "club-rename": Access.OWNER,
    "club-delete": Access.OWNER,
    # notifications, of a club and of a person
    "club-notifications": Access.MAINTAINER,
    "club-notification-events": Access.MAINTAINER,
    "club-notification-test": Access.MAINTAINER,
    "club-notification-remove": Access.MAINTAINER,
    "account-notifications": Access.PERSON,
    "account-notification-events": Access.PERSON,
    "account-notification-test": Access.PERSON,
    "account-notification-remove": Access.PERSON,
    # project
    "project-home": Access.MEMBER,
    "project-events": Access.MEMBER,
    "project-stream-events": Access.MEMBER,
    "project-stream-text": Access.MEMBER,
    "project-builds": Access.MEMBER,
    "project-build": Access.MEMBER,
    "project-build-cancel": Access.MEMBER,
    "project-build-redeploy": Access.MEMBER,
    "project-build-rebuild": Access.MEMBER,
    "project-releases": Access.MEMBER,
    "project-release": Access.MEMBER,
    "project-rollback": Access.MEMBER,
    "project-config": Access.MEMBER,
    "project-config-reveal": Access.MAINTAINER,
    "project-logs": Access.MEMBER,
    "project-logs-events": Access.MEMBER,
    "project-metrics": Access.MEMBER,
    "project-network": Access.MEMBER,
    "project-address": Access.MAINTAINER,
    "project-settings": Access.MEMBER,
    "project-scale": Access.MEMBER,
    "project-restart": Access.MEMBER,
    "project-branch": Access.MAINTAINER,
    "project-delete": Access.MAINTAINER,
    # operator: applications and mails
    "operator-requests": Access.OPERATOR,
    "operator-requests-one": Access.OPERATOR,
    "operator-requests-approve": Access.OPERATOR,
    "operator-requests-decline": Access.OPERATOR,
    "operator-requests-reopen": Access.OPERATOR,
    "operator-requests-link": Access.OPERATOR,
    "operator-mail": Access.OPERATOR,
    "operator-mail-one": Access.OPERATOR,
    "operator-mail-again": Access.OPERATOR,
    # operator
    "operator-inbox": Access.OPERATOR,
    "operator-budget-approve": Access.OPERATOR,
    "operator-budget-decline": Access.OPERATOR,
    "operator-fleet": Access.OPERATOR,
    "operator-fleet-events": Access.OPERATOR,
    "operator-interruptions": Access.OPERATOR,
    "operator-interruption": Access.OPERATOR,
    "operator-drills": Access.OPERATOR,
    "operator-drill-new": Access.OPERATOR,
    "operator-drill": Access.OPERATOR,
    "operator-drill-cancel": Access.OPERATOR,
    "operator-queue": Access.OPERATOR,
    "operator-queue-pause": Access.OPERATOR,
    "operator-queue-resume": Access.OPERATOR,
    "operator-queue-jump": Access.OPERATOR,
    "operator-queue-cancel": Access.OPERATOR,
    "operator-clubs": Access.OPERATOR,
    "operator-club-budget": Access.OPERATOR,
    "operator-people": Access.OPERATOR,
    "operator-person": Access.OPERATOR,
    "operator-person-end-sessions": Access.OPERATOR,
    "operator-person-disable": Access.OPERATOR,
    "operator-person-enable": Access.OPERATOR,
    "operator-audit": Access.OPERATOR,
    "operator-audit-export": Access.OPERATOR,
    "operator-settings": Access.OPERATOR,
    "operator-price-set": Access.OPERATOR,
    "operator-price-remove": Access.OPERATOR,
}
ROLES: dict[Access, frozenset[str]] = {
    Access.MEMBER: frozenset({"member", "maintainer", "owner", "operator"}),
    Access.MAINTAINER: frozenset({"maintainer", "owner", "operator"}),
    Access.OWNER: frozenset({"owner", "operator"}),
}
"""Which roles in the route's club each access lets in."""


def access(route: str) -> Access | None:
    """The table's entry for a route (`resolver_match.view_name`); None: it is open to nobody."""
    space = route.rpartition(":")[0]
    return PERMISSIONS.get(route) or (PERMISSIONS.get(f"{space}:*") if space else None)

"""Which tables the admin shows, and the few rows that it may change: those that no action looks after."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from portal.accounts import audit
from portal.accounts.models import AccessKey, AuditEntry, User
from portal.accounts.principal import operator
from portal.builds.models import Build, LogStream
from portal.clubs.models import Club, Membership
from portal.fleet.models import Interruption
from portal.projects.models import Project
from portal.releases.models import Release, Rollout
from portal.web.repairs.site import site as repairs

__all__ = ["repairs"]


class Shown(ModelAdmin):
    """Read only: there is an action for whatever may be done."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Mended(ModelAdmin):
    """May be changed or deleted, never added; the audit log says by whom."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._record(request, "admin_change", obj, fields=sorted(form.changed_data))

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self._record(request, "admin_delete", obj)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self._record(request, "admin_delete", obj)
        super().delete_queryset(request, queryset)

    def _record(self, request: HttpRequest, action: str, obj: Model, **detail: Any) -> None:
        by = operator(request.user.get_username()).at(str(request.META.get("REMOTE_ADDR", ""))[:64])
        audit.record(by, action, table=obj._meta.label, row=str(obj.pk), **detail)


class People(Mended):
    """Who left is disabled (`/operator/people`); deleting them would take their memberships along."""

    list_display = ("username", "first_name", "email", "is_active", "is_superuser", "last_login")
    search_fields = ("username", "first_name", "email")
    fields = (
        "username",
        "first_name",
        "email",
        "language",
        "theme",
        "is_active",
        "last_login",
        "date_joined",
    )
    # Disabling and enabling are actions: they end sessions, and nobody does it to themselves.
    readonly_fields = ("username", "email", "is_active", "last_login", "date_joined")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Addresses(Mended):
    list_display = ("email", "user", "verified", "primary")
    search_fields = ("email", "user__username")
    fields = ("email", "user", "verified", "primary")
    readonly_fields = ("user",)


class SecondFactors(Mended):
    """Deleting one lets a person in who has lost it; what it holds is shown to nobody."""

    list_display = ("user", "type", "created_at", "last_used_at")
    search_fields = ("user__username",)
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")


class Sessions(Shown):
    list_display = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    search_fields = ("user__username", "ip")
    fields = ("user", "ip", "user_agent", "created_at", "last_seen_at")


class Keys(Shown):
    list_display = ("id", "club", "project", "name", "created_at", "expires_at", "last_used_at", "revoked_at")
    search_fields = ("id", "name", "club__slug")
    exclude = ("digest",)


class Builds(Shown):
    list_display = ("id", "project", "commit", "state", "created_at", "finished_at")
    list_filter = ("state",)
    search_fields = ("commit", "project__slug")
    exclude = ("source_token_hash",)
    list_select_related = ("project__club",)


class Releases(Shown):
    list_display = ("project", "number", "state", "reason", "created_at", "went_live_at")
    list_filter = ("state",)
    search_fields = ("project__slug",)
    exclude = ("encrypted_config",)
    list_select_related = ("project__club",)


def _shown(*columns: str, search: tuple[str, ...] = ()) -> type[Shown]:
    return type("Shown", (Shown,), {"list_display": columns, "search_fields": search})


repairs.register(User, People)
repairs.register(EmailAddress, Addresses)
repairs.register(Authenticator, SecondFactors)
repairs.register(UserSession, Sessions)
repairs.register(AccessKey, Keys)
repairs.register(Build, Builds)
repairs.register(Release, Releases)
repairs.register(Club, _shown("slug", "name", "created_at", search=("slug", "name")))
repairs.register(Membership, _shown("club", "user", "role", search=("club__slug", "user__username")))
repairs.register(Project, _shown("club", "slug", "subdomain", "deleted_at", search=("slug", "subdomain")))
repairs.register(Rollout, _shown("id", "project", "state", "created_at", search=("project__slug",)))
repairs.register(LogStream, _shown("id", "state"))
repairs.register(Interruption, _shown("id", "node", "state", "kind", "noticed_at", search=("id", "node")))
repairs.register(
    AuditEntry,
    _shown("at", "actor", "action", "club", "project", "address", search=("actor", "club", "action")),
)

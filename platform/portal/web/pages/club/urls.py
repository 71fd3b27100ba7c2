"""Below /clubs/<club>; what a project may not be called stands in `portal.projects.names`."""

from __future__ import annotations

from django.urls import path

from portal.web.pages.club import audit, budget, home, keys, members, new, settings

urlpatterns = [
    path("", home.home, name="club-home"),
    path("/new", new.new, name="club-new"),
    path("/new/check", new.check, name="club-new-check"),
    path("/keys", keys.keys, name="club-keys"),
    path("/keys/<slug:key>/made", keys.made, name="club-key-made"),
    path("/keys/<slug:key>/revoke", keys.revoke, name="club-key-revoke"),
    path("/members", members.members, name="club-members"),
    path("/members/invite", members.invite, name="club-invite"),
    path("/members/leave", members.leave, name="club-leave"),
    path("/members/<int:member>/role", members.change_role, name="club-member-role"),
    path("/members/<int:member>/remove", members.remove, name="club-member-remove"),
    path("/members/invitations/<int:invitation>/resend", members.resend, name="club-invitation-resend"),
    path("/members/invitations/<int:invitation>/revoke", members.revoke, name="club-invitation-revoke"),
    path("/budget", budget.budget, name="club-budget"),
    path("/budget/ask", budget.ask, name="club-budget-ask"),
    path("/budget/requests/<int:request_id>/withdraw", budget.withdraw, name="club-budget-withdraw"),
    path("/audit", audit.audit, name="club-audit"),
    path("/audit/export", audit.export, name="club-audit-export"),
    path("/settings", settings.settings, name="club-settings"),
    path("/settings/rename", settings.rename, name="club-rename"),
    path("/settings/delete", settings.delete, name="club-delete"),
]

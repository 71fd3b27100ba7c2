"""The pages' addresses, group by group: the club's own pages come before its projects."""

from __future__ import annotations

from django.urls import include, path

from portal.web.pages.club.clubs import clubs

urlpatterns = [
    path("", include("portal.web.pages.front.urls")),
    path("", include("portal.web.pages.account.urls")),
    path("help", include("portal.web.pages.help.urls")),
    path("apply", include("portal.web.pages.apply.urls")),
    path("", include("portal.web.pages.apply.link_urls")),
    path("operator", include("portal.web.pages.operator_requests.urls")),
    path("operator", include("portal.web.pages.operator.urls")),
    path("notifications/", include("portal.web.pages.notifications.link_urls")),
    path("account/notifications", include("portal.web.pages.notifications.account_urls")),
    path("clubs", clubs, name="club-list"),
    path("clubs/<slug:club>/notifications", include("portal.web.pages.notifications.club_urls")),
    path("clubs/<slug:club>", include("portal.web.pages.club.urls")),
    path("clubs/<slug:club>/<slug:project>", include("portal.web.pages.project.urls")),
]

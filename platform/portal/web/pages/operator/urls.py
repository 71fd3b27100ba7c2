from __future__ import annotations

from django.urls import path

from portal.web.pages.operator import (
    audit,
    budgets,
    clubs,
    drills,
    fleet,
    inbox,
    interruptions,
    people,
    prices,
    queue,
    settings,
)

urlpatterns = [
    path("", inbox.inbox, name="operator-inbox"),
    path("/budget-requests/<int:number>/approve", budgets.approve, name="operator-budget-approve"),
    path("/budget-requests/<int:number>/decline", budgets.decline, name="operator-budget-decline"),
    path("/fleet", fleet.fleet, name="operator-fleet"),
    path("/fleet/events", fleet.fleet_events, name="operator-fleet-events"),
    path("/interruptions", interruptions.interruptions, name="operator-interruptions"),
    path("/interruptions/<slug:id>", interruptions.one, name="operator-interruption"),
    path("/drills", drills.drills, name="operator-drills"),
    path("/drills/new", drills.new, name="operator-drill-new"),
    path("/drills/<int:number>", drills.one, name="operator-drill"),
    path("/drills/<int:number>/cancel", drills.cancel, name="operator-drill-cancel"),
    path("/queue", queue.queue, name="operator-queue"),
    path("/queue/pause", queue.pause, name="operator-queue-pause"),
    path("/queue/resume", queue.resume, name="operator-queue-resume"),
    path("/queue/<int:number>/jump", queue.jump, name="operator-queue-jump"),
    path("/queue/<int:number>/cancel", queue.cancel, name="operator-queue-cancel"),
    path("/clubs", clubs.clubs, name="operator-clubs"),
    path("/clubs/<slug:slug>/budget", clubs.budget, name="operator-club-budget"),
    path("/people", people.people, name="operator-people"),
    path("/people/<int:number>", people.one, name="operator-person"),
    path("/people/<int:number>/end-sessions", people.end_sessions, name="operator-person-end-sessions"),
    path("/people/<int:number>/disable", people.disable, name="operator-person-disable"),
    path("/people/<int:number>/enable", people.enable, name="operator-person-enable"),
    path("/audit", audit.audit, name="operator-audit"),
    path("/audit/export", audit.export, name="operator-audit-export"),
    path("/settings", settings.in_force, name="operator-settings"),
    path("/settings/prices", prices.set_one, name="operator-price-set"),
    path("/settings/prices/remove", prices.remove, name="operator-price-remove"),
]

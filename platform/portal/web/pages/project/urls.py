from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portal.web.pages.project import (
    app_logs,
    builds,
    config,
    events,
    metrics,
    network,
    overview,
    releases,
    settings,
    streams,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="project-home"),
    path("/events", events.project_events, name="project-events"),
    path("/streams/<int:stream>/events", streams.stream_events, name="project-stream-events"),
    path("/streams/<int:stream>/log.txt", streams.stream_text, name="project-stream-text"),
    path("/builds", builds.builds, name="project-builds"),
    path("/builds/<int:number>", builds.build, name="project-build"),
    path("/builds/<int:number>/cancel", builds.cancel, name="project-build-cancel"),
    path("/builds/<int:number>/redeploy", builds.redeploy, name="project-build-redeploy"),
    path("/builds/<int:number>/rebuild", builds.rebuild, name="project-build-rebuild"),
    path("/releases", releases.releases, name="project-releases"),
    path("/releases/<int:number>", releases.release, name="project-release"),
    path("/releases/<int:number>/rollback", releases.rollback, name="project-rollback"),
    path("/config", config.config, name="project-config"),
    path("/config/reveal", config.reveal, name="project-config-reveal"),
    path("/logs", app_logs.logs, name="project-logs"),
    path("/logs/events", app_logs.logs_events, name="project-logs-events"),
    path("/metrics", metrics.metrics, name="project-metrics"),
    path("/network", network.network, name="project-network"),
    path("/network/address", network.address, name="project-address"),
    path("/settings", settings.settings, name="project-settings"),
    path("/settings/scale", settings.scale, name="project-scale"),
    path("/settings/restart", settings.restart, name="project-restart"),
    path("/settings/branch", settings.branch, name="project-branch"),
    path("/settings/delete", settings.delete, name="project-delete"),
]

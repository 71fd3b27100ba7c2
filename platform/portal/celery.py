"""The Celery application: `celery -A portal worker -Q default,builds`, `celery -A portal beat`."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "portal",
        "portal.builds",
        "portal.releases",
        "portal.projects",
        "portal.probing",
        "portal.notifications",
        "portal.clubs",
        "portal.drills",
        "portal.mail",
    ]
)


@worker_init.connect  # type: ignore[untyped-decorator]
def _require_secrets(**_: object) -> None:
    """A worker without its secrets ends at once and says which are missing, instead of failing builds."""
    from portal.environment import environment

    environment().require_secrets()

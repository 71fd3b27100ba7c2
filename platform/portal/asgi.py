"""`uvicorn portal.asgi:application`."""

from __future__ import annotations

import os
import re
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup(set_prefix=False)

from django.core.handlers.asgi import ASGIHandler  # noqa: E402 - settings first

from portal.bounded import Bounded  # noqa: E402
from portal.environment import environment  # noqa: E402

_STREAMS = re.compile(r"/api/v1/(?:streams/\d+|clubs/[^/]+/projects/[^/]+/logs)|(?:/[^/]+)+/events")


class Handler(ASGIHandler):
    """Django's, but streams share one thread for their few blocking moments.

    Django gives each request a thread of its own for as long as it lasts; for a stream that is minutes.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _STREAMS.fullmatch(scope["path"]):
            await self.handle(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


environment().require_secrets()
application = Bounded(Handler())

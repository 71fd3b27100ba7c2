"""`uvicorn portal.gitserver.asgi:application`: the git server as a process of its own."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.gitserver.lifetime import Application  # noqa: E402 - Django's models need its settings

application = Application()

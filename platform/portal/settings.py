"""Django's settings, made from `portal.environment`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from portal.environment import Environment

MADANG = Environment()


def _database(url: str, pool_size: int) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {parts.scheme}://")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": query.pop("port", None) or parts.port or "",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": pool_size, "timeout": 30}, **query},
    }


SECRET_KEY = MADANG.secret_key.get_secret_value()
DEBUG = MADANG.debug
# Traefik routes by host name; kubelet and Services ask by address, and no link is ever built from Host.
ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = [MADANG.public_url]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "ninja",
    "portal.accounts",
    "portal.clubs",
    "portal.projects",
    "portal.builds",
    "portal.releases",
    "portal.fleet",
    "portal.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": []},
    }
]

DATABASES = {"default": _database(MADANG.database_url, MADANG.database_pool_size)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

STATIC_URL = "static/"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

CELERY_BROKER_URL = MADANG.redis_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"portal.builds.tasks.run_build": {"queue": "builds"}}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Tasks wait on the cluster and the network: threads keep one interpreter for many of them, and see the
# worker's shutdown, so that a lease is handed back at once.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = MADANG.worker_threads
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_keepalive": True,
    # A nudge that cannot be sent is the sweep's: whoever pushes does not wait for Redis.
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_BEAT_SCHEDULE_FILENAME = "/tmp/celerybeat-schedule"  # noqa: S108 - the pod's own emptyDir
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "portal.tasks.sweep",
        "schedule": MADANG.sweep_seconds,
        # A sweep that waited longer than its turn says nothing that the next will not say.
        "options": {"expires": MADANG.sweep_seconds},
    },
    "retention": {"task": "portal.tasks.retention", "schedule": 3600, "options": {"expires": 600}},
    "registry-garbage": {
        "task": "portal.tasks.registry_garbage",
        "schedule": 900,
        "options": {"expires": 600},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_probes": {"()": "portal.logs.NoProbes"}},
    "formatters": {"json": {"()": "portal.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": MADANG.log_level},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # uvicorn has set up its own lines before the application is imported: they become ours.
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.error": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": True, "filters": ["no_probes"]},
        "httpx": {"level": "WARNING"},
        "kubernetes": {"level": "WARNING"},
    },
}

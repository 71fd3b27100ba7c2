"""Django's settings, made from `portal.environment`."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from portal.environment import Environment

MADANG = Environment()

_HERE = Path(__file__).parent
_PAGES = sorted(path for path in (_HERE / "web/pages").iterdir() if path.is_dir())
# What npm and collectstatic made, in an image and in a working tree's Python environment (`make page`).
_SHARE = Path(sys.prefix) / "share/madang"
_SECURE = MADANG.public_url.startswith("https://")
_HOST = urlsplit(MADANG.public_url).hostname or ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


# A machine that is gone does not say so: a connection that is silent for a while is tried, and ends when
# nothing comes back for so long, instead of after the quarter of an hour for which Linux sends again.
_GONE_SECONDS, _SILENT_SECONDS = 30, 15


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
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": pool_size, "timeout": 30},
            "tcp_user_timeout": _GONE_SECONDS * 1000,
            "keepalives_idle": _SILENT_SECONDS,
            **query,
        },
    }


SECRET_KEY = MADANG.secret_key.get_secret_value()
DEBUG = MADANG.debug
# kubelet, Services and the API's clients ask by any name or address; pages check theirs (portal.web.hosts).
ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = [MADANG.public_url]

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "ninja",
    "portal.accounts",
    "portal.clubs",
    "portal.projects",
    "portal.builds",
    "portal.releases",
    "portal.probing",
    "portal.notifications",
    "portal.fleet",
    "portal.metrics",
    "portal.drills",
    "portal.mail",
    "portal.signups",
    "portal.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.web.files.StaticFiles",
    "portal.web.hosts.OwnHosts",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.web.language.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.web.parts.Parts",
    "portal.web.errors.Refusals",
    "portal.web.once.SentBefore",
    "portal.web.gate.Gate",
]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [page / "templates" for page in _PAGES],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.nav.nav",
            ],
            "builtins": ["portal.web.templatetags.madang"],
        },
    }
]

DATABASES = {"default": _database(MADANG.database_url, MADANG.database_pool_size)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "front-home"
ACCOUNT_ADAPTER = "portal.web.pages.account.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Madang] "
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _SECURE else "http"
SOCIALACCOUNT_ADAPTER = "portal.web.pages.account.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "school",
                "name": MADANG.oidc_name,
                "client_id": MADANG.oidc_client_id,
                "secret": MADANG.oidc_client_secret.get_secret_value(),
                "settings": {"server_url": MADANG.oidc_issuer, "scope": MADANG.oidc_scopes.split()},
            }
        ]
        if MADANG.oidc_issuer
        else []
    }
}
MFA_ADAPTER = "portal.web.pages.account.adapters.MFAAdapter"
MFA_TOTP_ISSUER = "Madang"
# Browsers let passkeys in where nobody on the way can read along: HTTPS, or the machine itself.
_PASSKEYS = _SECURE or _HOST in {"localhost", "127.0.0.1"} or _HOST.endswith(".localhost")
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", *(["webauthn"] if _PASSKEYS else [])]
MFA_PASSKEY_LOGIN_ENABLED = _PASSKEYS
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _SECURE
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# A cookie with what a page says once could be set by a project, with the words of its maker's own page.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Projects live on subdomains of the same domain: with the prefix no project can set these cookies for us.
_COOKIE_PREFIX = "__Host-" if _SECURE else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = _SECURE
SESSION_COOKIE_AGE = 14 * 86400
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = _SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.web.errors.untrusted_form"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 86400
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = _SECURE
SECURE_HSTS_SECONDS = 365 * 86400 if _SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        # A browser holds the redirect that follows a form to this list too.
        "form-action": ["'self'", *([_origin(MADANG.oidc_issuer)] if MADANG.oidc_issuer else [])],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# Whatever sends mail writes a row; a worker sends it by MADANG_EMAIL_URL, or into the mail catcher.
EMAIL_BACKEND = "portal.mail.outbox.Outbox"
DEFAULT_FROM_EMAIL = MADANG.email_sender

STATIC_URL = "static/"
STATIC_ROOT = _SHARE / "static"
_COLLECTED = STATIC_ROOT.is_dir()
STATICFILES_DIRS = [_SHARE / "page"] if (_SHARE / "page").is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = not _COLLECTED
WHITENOISE_ALLOW_ALL_ORIGINS = False

USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "portal.formats"
LANGUAGE_CODE = "en"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
# Each app and page group has its own locale/; npm's build puts them together.
LOCALE_PATHS = [_SHARE / "locale"]

# The guides that /help shows: docs/ of the tree, beside what npm made.
GUIDES = _SHARE / "docs"

CACHES = {
    "default": {
        "BACKEND": "portal.forgetful.ForgetfulRedis",
        "LOCATION": MADANG.redis_url,
        "KEY_PREFIX": "page",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
}

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
    "socket_keepalive_options": {
        socket.TCP_USER_TIMEOUT: _GONE_SECONDS * 1000,
        socket.TCP_KEEPIDLE: _SILENT_SECONDS,
    },
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
    "crashes": {"task": "portal.tasks.look_for_crashes", "schedule": 20, "options": {"expires": 15}},
    "notifications": {
        "task": "portal.notifications.tasks.collect",
        "schedule": 60,
        "options": {"expires": 50},
    },
    "probe": {"task": "portal.probing.tasks.probe", "schedule": 5, "options": {"expires": 5}},
    "measure": {"task": "portal.tasks.measure_projects", "schedule": 30, "options": {"expires": 25}},
    "samples": {"task": "portal.tasks.roll_up_samples", "schedule": 300, "options": {"expires": 240}},
    "count-nodes": {"task": "portal.tasks.count_nodes", "schedule": 300, "options": {"expires": 240}},
    "registry-garbage": {
        "task": "portal.tasks.registry_garbage",
        "schedule": 900,
        "options": {"expires": 600},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "no_probes": {"()": "portal.logs.NoProbes"},
        "no_links": {"()": "portal.logs.NoLinks"},
    },
    "formatters": {"json": {"()": "portal.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": MADANG.log_level},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # uvicorn has set up its own lines before the application is imported: they become ours.
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.error": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": True, "filters": ["no_probes", "no_links"]},
        "httpx": {"level": "WARNING"},
        "kubernetes": {"level": "WARNING"},
    },
}

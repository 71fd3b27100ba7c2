"""Settings from the environment, so that the same code runs on a laptop and on the platform."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# On the platform: madang config set SECRET_KEY=…
SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-a-laptop-and-the-build")
DEBUG = os.environ.get("DEBUG") == "1"
# The platform's ingress passes only requests for this project's own address.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = ["django.contrib.staticfiles", "lunch"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "lunch.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES: dict[str, dict[str, str]] = {}

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}

LANGUAGE_CODE = "ko"
TIME_ZONE = "Asia/Seoul"
USE_TZ = True

"""`/operator/settings`: what is in force, read-only; secrets never. And the price table."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from pydantic import SecretStr

from deployer.errors import Explanation
from portal.environment import Environment, environment
from portal.fleet.savings import prices, savings
from portal.web.pages.operator.price_form import PriceForm
from portal.web.request import PageRequest

_SHOWN = ("django", "celery", "kubernetes", "uvicorn", "django-allauth", "boto3")


@dataclass(frozen=True)
class Setting:
    """`changed`: it is not the default."""

    name: str
    value: str
    secret: bool
    changed: bool


@require_GET
def in_force(request: PageRequest) -> HttpResponse:
    return page(request, PriceForm())


def page(
    request: PageRequest, form: PriceForm, problem: Explanation | None = None, status: int = 200
) -> HttpResponse:
    """The whole page; a refused price comes back with what was typed."""
    context = {
        "tab": "settings",
        "settings": list(told(environment())),
        "versions": list(versions()),
        "prices": prices(),
        "savings": savings(),
        "form": form,
        "problem": problem,
    }
    return render(request, "web/operator/settings.html", context, status=status)


def told(given: Environment) -> Iterator[Setting]:
    """Every setting by its variable's name; of a secret whether it is set, of an address no password."""
    for name, field in type(given).model_fields.items():
        value = getattr(given, name)
        secret = isinstance(value, SecretStr)
        if secret:
            shown = _("set") if value.get_secret_value() else _("not set")
        else:
            shown = _without_password(str(value)) if "://" in str(value) else str(value)
        yield Setting(
            name=str(field.validation_alias or f"MADANG_{name.upper()}"),
            value=shown,
            secret=secret,
            changed=value != field.default,
        )


def versions() -> Iterator[tuple[str, str]]:
    """What the portal runs on."""
    yield "Madang", _version("madang")
    yield "Python", platform.python_version()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        yield "PostgreSQL", cursor.fetchone()[0]
    for name in _SHOWN:
        yield name, _version(name)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return _("not known")


def _without_password(address: str) -> str:
    """The address without what stands before its host; what cannot be parted is not shown at all."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "…"
    query = "?…" if parts.query else ""
    return f"{parts.scheme}://{host}{parts.path}{query}"

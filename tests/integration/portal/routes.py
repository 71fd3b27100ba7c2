"""All routes of the portal, as its resolver knows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter
from django.utils.deprecation import MiddlewareMixin

LET_IN = 299
_SOME = {"app_label": "accounts"}


class LetIn(MiddlewareMixin):
    """Stands behind the gate in place of every view: what comes here was let in."""

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse:
        return HttpResponse(status=LET_IN)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """In place of the page that tells it, which takes far longer than to find out."""
    return HttpResponse(status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(status=404)


@dataclass(frozen=True)
class Route:
    """`name` as the table has it; `converters` of the parts of its address."""

    name: str
    converters: tuple[tuple[str, Any], ...]

    @property
    def of_a_club(self) -> bool:
        return any(part == "club" for part, _ in self.converters)

    def address(self, club: str = "") -> str:
        """Some address of the route, in the club if it has one."""
        values: dict[str, Any] = {}
        for part, converter in self.converters:
            values[part] = 1 if isinstance(converter, IntConverter) else _SOME.get(part, "x1")
            if part == "club":
                values[part] = club
        return reverse(self.name, kwargs=values)


def routes() -> list[Route]:
    return sorted(set(_routes(get_resolver().url_patterns, "", ())), key=lambda route: route.name)


def nameless() -> list[str]:
    """Patterns that no table can speak of; the admin's are its namespace's."""
    leaves = _leaves(get_resolver().url_patterns)
    return [
        above + str(leaf.pattern)
        for leaf, above in leaves
        if not leaf.name and not above.startswith("admin/")
    ]


def _routes(
    patterns: list[URLPattern | URLResolver], namespace: str, above: tuple[tuple[str, Any], ...]
) -> Iterator[Route]:
    for pattern in patterns:
        converters = (*above, *pattern.pattern.converters.items())
        groups = getattr(getattr(pattern.pattern, "regex", None), "groupindex", {})
        known = dict(converters)
        converters = (*converters, *((name, None) for name in groups if name not in known))
        if isinstance(pattern, URLResolver):
            inside = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _routes(pattern.url_patterns, inside, converters)
        elif pattern.name:
            yield Route(f"{namespace}{pattern.name}", converters)


def _leaves(patterns: list[URLPattern | URLResolver], above: str = "") -> Iterator[tuple[URLPattern, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _leaves(pattern.url_patterns, above + str(pattern.pattern))
        else:
            yield pattern, above

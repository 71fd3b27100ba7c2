"""Which pages are looked at: by axe, for what stands out of the screen, and for `make screenshots`.

Each group of pages has a module `pages_<group>.py` beside this one with `PAGES`, a list of `Registered`, and
perhaps `seed(scene)`, which adds rows that its pages show to the common scene (`seed.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from django.urls import reverse
from playwright.sync_api import Page

from tests.integration.page.seed import Scene


@dataclass(frozen=True)
class Registered:
    """A page as `who` sees it: "", or a role in `seed.PEOPLE`.

    `kwargs` are the route's, or a function of the scene that gives them. `name` tells two pictures of one
    route apart. `before` may use the page (open a dialog, send a form) before it is looked at.
    """

    route: str
    kwargs: dict[str, Any] | Callable[[Scene], dict[str, Any]] = field(default_factory=dict)
    who: str = ""
    name: str = ""
    query: str = ""
    status: int = 200
    before: Callable[[Page], object] | None = None

    def __str__(self) -> str:
        return "-".join(part for part in (self.route, self.name) if part)

    def path(self, scene: Scene) -> str:
        kwargs = self.kwargs(scene) if callable(self.kwargs) else self.kwargs
        return reverse(self.route, kwargs=kwargs) + (f"?{self.query}" if self.query else "")


def modules() -> Iterator[Any]:
    for path in sorted(Path(__file__).parent.glob("pages_*.py")):
        yield import_module(f"tests.integration.page.{path.stem}")


def registered() -> list[Registered]:
    return [page for module in modules() for page in module.PAGES]


def seeded() -> Scene:
    """The common scene with what every group adds."""
    scene = Scene.seeded()
    for module in modules():
        if hasattr(module, "seed"):
            module.seed(scene)
    return scene

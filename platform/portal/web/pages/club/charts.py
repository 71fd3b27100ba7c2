"""The last deploys of a project as small bars: height is duration, colour is how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.releases.overview import Deploy

WIDTH, HEIGHT = 120, 24
_STEP = 10
_LEAST = 4
_COLOURS = {
    "succeeded": "fill-success",
    "failed": "fill-error",
    "open": "fill-info",
}


@dataclass(frozen=True)
class Column:
    """A rectangle of the drawing, in its units."""

    x: int
    y: int
    height: int
    colour: str


@dataclass(frozen=True)
class Bars:
    """`text` says the same in words."""

    columns: tuple[Column, ...]
    text: str


def bars_of(deploys: Sequence[Deploy]) -> Bars | None:
    """None: there was no deploy yet."""
    if not deploys:
        return None
    longest = max((deploy.seconds or 0 for deploy in deploys), default=0) or 1
    first = WIDTH - _STEP * len(deploys)
    columns = []
    for place, deploy in enumerate(deploys):
        share = 1 if deploy.seconds is None else deploy.seconds / longest
        height = max(round(HEIGHT * share), _LEAST)
        columns.append(
            Column(
                x=first + _STEP * place,
                y=HEIGHT - height,
                height=height,
                colour=_COLOURS.get(deploy.state, "fill-base-content/30"),
            )
        )
    good = sum(deploy.state == "succeeded" for deploy in deploys)
    return Bars(
        tuple(columns),
        _("Last deploys: %(good)d of %(all)d went well") % {"good": good, "all": len(deploys)},
    )

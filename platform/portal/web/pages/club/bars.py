"""A club's budget as bars: what is live, what is on its way, and what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.clubs.budget import Share
from portal.clubs.models import Club
from portal.releases.room import budget_of

_WARN = 0.8


@dataclass(frozen=True)
class Bar:
    """`live` and `most` (with what is on its way) of `limit`, in one unit; the texts are for people."""

    label: str
    live: int
    most: int
    limit: int
    text: str
    coming: str

    @property
    def colour(self) -> str:
        share = self.most / self.limit if self.limit else 1.0
        return "fill-error" if share > 1 else "fill-warning" if share >= _WARN else "fill-primary"

    @property
    def live_percent(self) -> int:
        return self._percent(self.live)

    @property
    def coming_percent(self) -> int:
        return self._percent(self.most) - self.live_percent

    def _percent(self, amount: int) -> int:
        return min(round(100 * amount / self.limit), 100) if self.limit else 0


def bars(club: Club, *, live: Share, most: Share) -> list[Bar]:
    """Memory, CPU and copies."""
    budget = budget_of(club)
    names = (_("Memory"), _("CPU"), _("Copies"))
    return [
        Bar(
            label=name,
            live=now,
            most=later,
            limit=limit,
            text=_("%(taken)s of %(limit)s") % {"taken": taken, "limit": allowed},
            coming=_("%(amount)s of it on its way") % {"amount": coming} if later > now else "",
        )
        for name, now, later, limit, taken, allowed, coming in zip(
            names,
            live,
            most,
            budget,
            amounts(most),
            amounts(budget),
            amounts(
                Share(*(later - now for now, later in zip(live, most, strict=True))),
            ),
            strict=True,
        )
    ]


def amounts(share: Share) -> tuple[str, str, str]:
    """Each part as a person reads it."""
    return memory(share.memory_bytes), cpu(share.cpu_millicores), copies(share.pods)


def budget_after(detail: Mapping[str, Any]) -> str:
    """The budget that an audit entry of `set_budget` tells of; an old one tells it in English only."""
    after = detail.get("after")
    if isinstance(after, list) and len(after) == 3:
        return ", ".join(amounts(Share(*(int(amount) for amount in after))))
    return str(detail.get("budget", "–"))


def memory(size: int) -> str:
    gib = size / (1 << 30)
    if gib >= 1:
        return f"{gib:.2f}".rstrip("0").rstrip(".") + " GiB"
    return f"{-(-size >> 20)} MiB"


def cpu(millicores: int) -> str:
    cores = f"{millicores / 1000:.3f}".rstrip("0").rstrip(".")
    if cores == "1":
        return _("1 core")
    return _("%(n)s cores") % {"n": cores}


def copies(pods: int) -> str:
    return ngettext("%(n)d copy", "%(n)d copies", pods) % {"n": pods}

"""The pages' own tags: components, relative times, sizes. Every template has them without `{% load %}`."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployer.errors import Explanation
from portal.fleet.reasons import in_words
from portal.translating import explained
from portal.web.icons import ICONS
from portal.web.once import FIELD
from portal.web.pages.club import bars as amounts
from portal.web.pages.club import words as words_of_clubs
from portal.web.pages.help.topics import TOPICS

register = template.Library()
_SCRIPTS = Path(__file__).parents[1] / "static/web/js"
_KINDS = {
    "live": "success",
    "succeeded": "success",
    "ready": "success",
    "ok": "success",
    "running": "info",
    "building": "info",
    "deploying": "info",
    "rolling": "info",
    "queued": "neutral",
    "waiting": "neutral",
    "stopped": "neutral",
    "superseded": "neutral",
    "cancelled": "neutral",
    "degraded": "warning",
    "lost": "warning",
    "suspended": "warning",
    "unchecked": "warning",
    "fenced": "warning",
    "failed": "error",
    "down": "error",
}


@register.inclusion_tag("web/components/state_badge.html")
def state_badge(
    state: str, label: str = "", reason: str = "", since: datetime | None = None, kind: str = ""
) -> dict[str, Any]:
    """A state in words: `label` (else the state itself), why, and since when. `kind` is daisyUI's colour."""
    return {
        "state": state,
        "label": label or _(state),
        "reason": reason,
        "since": since,
        "kind": kind or _KINDS.get(state, "neutral"),
    }


@register.inclusion_tag("web/components/explanation.html")
def explanation(told: Explanation | dict[str, Any] | None, kind: str = "error") -> dict[str, Any]:
    """The three lines, in the reader's language: what happened, the evidence, what to do next."""
    return {"told": explained(told) if told else None, "kind": kind}


@register.inclusion_tag("web/components/copy_button.html")
def copy_button(text: str, label: str = "") -> dict[str, Any]:
    """Copies the text; without JavaScript the text can still be marked."""
    return {"text": text, "label": label}


@register.inclusion_tag("web/components/empty.html")
def empty(title: str, text: str = "", action: str = "", href: str = "") -> dict[str, Any]:
    """What a list says that has nothing in it, and the next step."""
    return {"title": title, "text": text, "action": action, "href": href}


@register.inclusion_tag("web/components/help_link.html")
def help_link(topic: str) -> dict[str, Any]:
    """To the section of a guide that helps whoever is stuck here: a name in `help.topics`."""
    return {"topic": TOPICS[topic]}


@register.inclusion_tag("web/components/meter.html")
def meter(label: str, used: float, limit: float, text: str = "") -> dict[str, Any]:
    """A budget bar; its colour warns from 80 % on."""
    share = used / limit if limit else 0.0
    kind = "error" if share >= 1 else "warning" if share >= 0.8 else "primary"
    return {"label": label, "used": used, "limit": limit, "text": text, "kind": kind}


@register.inclusion_tag("web/components/field.html")
def field(bound: Any, helped: bool = True, **attributes: str) -> dict[str, Any]:
    """A form's field with its label, help and errors, tied together for screen readers."""
    if not helped:
        bound.help_text = ""
    return {"field": bound, "attributes": attributes}


@register.simple_tag
def field_input(bound: Any, attributes: dict[str, str]) -> SafeString:
    """The widget itself, in our look, naming its help and errors; the first of a form that is wrong has the
    focus."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "select" if hasattr(widget, "choices") else "textarea")
    look = {
        "checkbox": "checkbox",
        "radio": "radio",
        "select": "select w-full",
        "textarea": "textarea w-full",
    }
    classes = look.get(kind, "input w-full")
    described = []
    if bound.help_text:
        described.append(f"{bound.auto_id}_helptext")
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
        classes += f" {classes.split()[0]}-error"
    told = {"class": classes, **{name.replace("_", "-"): value for name, value in attributes.items()}}
    if described:
        told["aria-describedby"] = " ".join(described)
    if bound.errors:
        told["aria-invalid"] = "true"
        if bound.name == next(name for name in bound.form.fields if name in bound.form.errors):
            told["autofocus"] = "autofocus"
    return SafeString(bound.as_widget(attrs=told))


@register.filter
def role_name(role: str) -> str:
    """A role in a club, in words."""
    return words_of_clubs.role_name(role)


@register.filter
def reason_in_words(reason: str) -> str:
    """Why a pod could not move, or left a gap."""
    return in_words(reason)


@register.filter
def cores(millicores: int) -> str:
    """An amount of CPU, in words."""
    return amounts.cpu(millicores)


@register.filter
def unlocalized(number: float) -> str:
    """A number as HTML's attributes want it, whatever the language."""
    return str(number)


@register.inclusion_tag("web/components/timeline.html")
def timeline(events: Any) -> dict[str, Any]:
    """Events, each with `at`, `title`, and perhaps `text`, `kind`, `href`."""
    return {"events": events}


@register.simple_tag
def since(moment: datetime | None) -> SafeString:
    """How long ago (or until) a moment is, with the moment itself for a pointer: in UTC, which
    `local_time.js` gives in the time of whoever reads."""
    if moment is None:
        return SafeString("")
    exact = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', moment.isoformat(), exact, _distance(moment)
    )


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """A moment as such, in UTC; `local_time.js` gives it in the time of whoever reads."""
    text = date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
    return format_html('<time datetime="{}" data-local>{} UTC</time>', at.isoformat(), text)


@register.simple_tag(name="bytes")
def bytes_(number: float | None) -> str:
    """A size in the binary units that budgets are given in."""
    if number is None:
        return "–"
    size = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size) < 1024:
            return f"{size:.0f} {unit}" if size == int(size) or unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


@register.simple_tag
def once() -> SafeString:
    """In a form whose view is `portal.web.once.once`: sent twice, it is carried out once."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, secrets.token_urlsafe(16))


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing beside words, which say the same."""
    return format_html(
        '<svg class="size-5 shrink-0" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
        '<path d="{}"/></svg>',
        ICONS[name],
    )


@register.simple_tag
@cache
def page_scripts() -> list[str]:
    """Our scripts, which register Alpine's components: all of `static/web/js`."""
    return [f"web/js/{path.name}" for path in sorted(_SCRIPTS.glob("*.js"))]


def _distance(moment: datetime) -> str:
    seconds = (timezone.now() - moment).total_seconds()
    ahead, seconds = seconds < 0, abs(seconds)
    if seconds < 60:
        return _("in a moment") if ahead else _("just now")
    minutes = int(seconds // 60)
    hours, days = minutes // 60, minutes // 1440
    if ahead:
        if minutes < 60:
            return ngettext("in %(n)d minute", "in %(n)d minutes", minutes) % {"n": minutes}
        if hours < 48:
            return ngettext("in %(n)d hour", "in %(n)d hours", hours) % {"n": hours}
        return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}
    if minutes < 60:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    if hours < 48:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}

"""The channels of a club and of a person: the same page for both, with what was sent last and how it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import shown_once
from portal.accounts.models import User
from portal.notifications.actions import (
    Owner,
    add_channel,
    ask_again,
    remove_channel,
    send_test,
    set_events,
)
from portal.notifications.models import Channel, ChannelKind
from portal.notifications.selectors import Listed, Sent
from portal.notifications.selectors import channels as channels_of
from portal.notifications.sending import SILENT
from portal.problems import Problem
from portal.translating import translated
from portal.web.gate import is_operator
from portal.web.once import once
from portal.web.pages.notifications.forms import HAPPENED, KINDS, ChannelForm, EventsForm
from portal.web.refusing import with_refusal
from portal.web.request import PageRequest


@dataclass(frozen=True)
class _Place:
    """Whose channels, and where their pages are."""

    owner: Owner
    prefix: str
    template: str
    arguments: tuple[str, ...] = ()

    def url(self, name: str = "s", *more: object) -> str:
        return reverse(f"{self.prefix}-notification{name}", args=[*self.arguments, *more])

    @property
    def own_email(self) -> str | None:
        return self.owner.email if isinstance(self.owner, User) else None

    @property
    def operator(self) -> bool:
        return isinstance(self.owner, User) and is_operator(self.owner)


@never_cache
@require_http_methods(["GET", "POST"])
@once
def channels(request: PageRequest, club: str | None = None) -> HttpResponse:
    """A new webhook's secret is shown once, on the page that follows: `?added=` names its channel."""
    place = _place(request, club)
    form = ChannelForm(request.POST or None, own_email=place.own_email, operator=place.operator)
    refused: Problem | None = None
    if request.method == "POST" and form.is_valid():
        try:
            channel, signs = _add(request, place, form.cleaned_data)
        except Problem as problem:
            refused = problem
        else:
            if signs:
                return redirect(f"{place.url()}?added={channel.pk}")
            messages.success(request, _said(channel))
            return redirect(place.url())
    return _page(request, place, form, refused)


@require_POST
def events(request: PageRequest, channel: int, club: str | None = None) -> HttpResponse:
    def choose(place: _Place) -> str:
        form = EventsForm(request.POST, operator=place.operator)
        # Of what the form does not know nothing is chosen; nothing at all is refused.
        chosen = form.cleaned_data["events"] if form.is_valid() else []
        changed = set_events(by=request.by, owner=place.owner, channel_id=channel, events=chosen)
        return _("Kept for “%(name)s”.") % {"name": changed.name}

    return _carried_out(request, club, choose)


@require_POST
@once
def test(request: PageRequest, channel: int, club: str | None = None) -> HttpResponse:
    def send(place: _Place) -> str:
        send_test(by=request.by, owner=place.owner, channel_id=channel)
        return _("A test is on its way; how it went stands below in a moment.")

    return _carried_out(request, club, send)


@require_POST
@once
def ask(request: PageRequest, channel: int, club: str | None = None) -> HttpResponse:
    def ask_once_more(place: _Place) -> str:
        return _said(ask_again(by=request.by, owner=place.owner, channel_id=channel))

    return _carried_out(request, club, ask_once_more)


@require_POST
@once
def remove(request: PageRequest, channel: int, club: str | None = None) -> HttpResponse:
    def take_out(place: _Place) -> str:
        removed = remove_channel(by=request.by, owner=place.owner, channel_id=channel)
        return _("“%(name)s” is told nothing any more.") % {"name": removed.name}

    return _carried_out(request, club, take_out)


def _carried_out(request: PageRequest, club: str | None, deed: Callable[[_Place], str]) -> HttpResponse:
    """Back to the channels, with what the deed says of itself, or with why it was refused."""
    place = _place(request, club)
    try:
        said = deed(place)
    except Problem as problem:
        return _refused(request, place, problem)
    messages.success(request, said)
    return redirect(place.url())


def _place(request: PageRequest, club: str | None) -> _Place:
    """The club's that the route names, else the person's own."""
    if club is None:
        return _Place(cast("User", request.user), "account", "web/notifications/account.html")
    return _Place(request.club, "club", "web/notifications/club.html", (club,))


@transaction.atomic
def _add(request: PageRequest, place: _Place, given: dict[str, Any]) -> tuple[Channel, bool]:
    """The new channel, and whether it has a secret."""
    added = add_channel(by=request.by, owner=place.owner, language=get_language() or "", **given)
    if added.secret is not None:
        shown_once.keep(cast("User", request.user), _about(added.channel), added.secret)
    return added.channel, added.secret is not None


def _about(channel: Channel) -> str:
    return f"secret of channel {channel.pk}"


def _added(request: PageRequest, rows: list[Listed]) -> dict[str, Any] | None:
    """The channel that was just added, with its secret; without it when that was shown before."""
    wanted = request.GET.get("added", "") if request.method == "GET" else ""
    channel = next((row.channel for row in rows if str(row.channel.pk) == wanted), None)
    if channel is None or channel.kind != ChannelKind.WEBHOOK:
        return None
    return {
        "channel": channel,
        "secret": shown_once.take(cast("User", request.user), _about(channel)),
    }


def _said(channel: Channel) -> str:
    if channel.confirmed_at is None:
        return _("A mail asks the address of “%(name)s”; once somebody there agrees, it is told.") % {
            "name": channel.name
        }
    return _("“%(name)s” is told from now on.") % {"name": channel.name}


def _refused(request: PageRequest, place: _Place, problem: Problem) -> HttpResponse:
    return _page(request, place, ChannelForm(own_email=place.own_email, operator=place.operator), problem)


def _page(request: PageRequest, place: _Place, form: ChannelForm, refused: Problem | None) -> HttpResponse:
    listed = channels_of(place.owner)
    context = {
        "tab": "notifications",
        "form": form,
        "form_url": place.url(),
        "rows": [_row(place, each) for each in listed],
        "added": _added(request, listed),
        "refused": refused.explanation if refused else None,
    }
    page = render(request, place.template, context, status=422 if form.errors else 200)
    return with_refusal(page, refused)


def _row(place: _Place, listed: Listed) -> dict[str, Any]:
    channel = listed.channel
    return {
        "channel": channel,
        "kind": KINDS.get(channel.kind, channel.kind),
        "target": listed.target,
        "pending": channel.confirmed_at is None,
        "asked_at": listed.asked_at,
        "ask_url": place.url("-ask", channel.pk),
        "dialog": f"remove-{channel.pk}",
        "form": EventsForm(
            initial={"events": channel.events}, auto_id=f"id_{channel.pk}_%s", operator=place.operator
        ),
        "events_url": place.url("-events", channel.pk),
        "test_url": place.url("-test", channel.pk),
        "remove_url": place.url("-remove", channel.pk),
        "recent": [_sent(each) for each in listed.recent],
    }


def _answered(answer: str) -> str:
    """The other side's words stay as they are; Madang's own (`notifications.sending`) are the reader's."""
    if answer.startswith(SILENT):
        return _("No answer: %(why)s") % {"why": answer.removeprefix(SILENT)}
    return translated(answer)


def _sent(sent: Sent) -> dict[str, Any]:
    words = {"waiting": pgettext("mail", "on its way"), "sent": _("arrived"), "failed": _("given up")}
    colours = {"waiting": "info", "sent": "success", "failed": "error"}
    return {
        "sent": sent,
        "event": HAPPENED.get(sent.kind, sent.kind),
        "state": words[sent.state],
        "colour": colours[sent.state],
        "answer": _answered(sent.answer),
    }

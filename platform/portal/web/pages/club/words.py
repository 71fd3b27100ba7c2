"""What the audit log tells, in sentences; the actor's name stands before each as its subject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.actors import Actor, actors
from portal.accounts.models import AuditEntry
from portal.web.pages.club.bars import budget_after

_SENTENCES: Mapping[str, Promise] = {
    "accept_invitation": gettext_lazy("joined the club as %(role)s"),
    "add_member": gettext_lazy("added %(user)s as %(role)s"),
    "approve_budget_request": gettext_lazy("approved a larger budget"),
    "ask_for_budget": gettext_lazy("asked for a larger budget"),
    "cancel_build": gettext_lazy("cancelled build %(build)s of %(project)s"),
    "change_role": gettext_lazy("made %(user)s %(role)s"),
    "create_club": gettext_lazy("made the club"),
    "create_key": gettext_lazy("made the key “%(name)s”"),
    "create_project": gettext_lazy("made the project %(project)s"),
    "decline_budget_request": gettext_lazy("declined a larger budget"),
    "delete_project": gettext_lazy("deleted the project %(project)s"),
    "invite": gettext_lazy("invited %(email)s"),
    "key_expired": gettext_lazy("noted that the key %(key)s has expired"),
    "leave_club": gettext_lazy("left the club"),
    "push": gettext_lazy("pushed to %(project)s"),
    "rebuild": gettext_lazy("built %(project)s again from the same commit"),
    "redeploy": gettext_lazy("deployed %(project)s again"),
    "remove_member": gettext_lazy("removed %(user)s from the club"),
    "suspend_club": gettext_lazy("suspended the club: %(why)s"),
    "resume_club": gettext_lazy("resumed the club"),
    "rename_club": gettext_lazy("renamed the club to “%(after)s”"),
    "set_limits": gettext_lazy("set how many projects and builds the club may have"),
    "restart": gettext_lazy("restarted %(project)s"),
    "reveal_config": gettext_lazy("looked at variables of %(project)s: %(names)s"),
    "revoke_invitation": gettext_lazy("took back an invitation"),
    "revoke_key": gettext_lazy("revoked the key %(key)s"),
    "rollback": gettext_lazy("rolled %(project)s back to release %(to)s"),
    "scale": gettext_lazy("changed the size of %(project)s"),
    "set_budget": gettext_lazy("set the budget to %(budget)s"),
    "set_config": gettext_lazy("changed variables of %(project)s: %(names)s"),
    "apply": gettext_lazy("applied for the club"),
    "confirm_signup": gettext_lazy("confirmed the application"),
    "amend_signup": gettext_lazy("changed the application"),
    "approve_signup": gettext_lazy("approved the application"),
    "make_one_time_link": gettext_lazy("made a one-time link for %(user)s"),
    "use_one_time_link": gettext_lazy("began with the one-time link"),
    "send_link_again": gettext_lazy("sent the one-time link again"),
    "change_subdomain": gettext_lazy("changed the address of %(project)s to %(new)s"),
    "let_go_of_subdomain": gettext_lazy("let go of the address %(subdomain)s, which had been given up"),
    "set_deploy_branch": gettext_lazy("changed the branch that deploys %(project)s"),
    "jump": gettext_lazy("put build %(build)s of %(project)s first"),
    "add_channel": gettext_lazy("added the notification channel “%(name)s”"),
    "remove_channel": gettext_lazy("removed the notification channel “%(name)s”"),
    "set_channel_events": gettext_lazy("changed what a notification channel tells"),
    "test_channel": gettext_lazy("tried a notification channel"),
    "ask_channel_again": gettext_lazy("sent the confirmation for “%(name)s” again"),
    "confirm_channel": gettext_lazy("noted that the address of “%(name)s” was confirmed"),
    "stop_channel": gettext_lazy("removed the channel “%(name)s”, as its reader wished"),
    "withdraw_budget_request": gettext_lazy("withdrew the request for a larger budget"),
    # What operators read alone: it is of no club, or the club is not there.
    "decline_signup": gettext_lazy("declined the application: %(reason)s"),
    "reopen_signup": gettext_lazy("took the decline of the application back"),
    "delete_club": gettext_lazy("deleted the club “%(name)s”"),
    "create_person": gettext_lazy("made the account %(user)s"),
    "create_operator": gettext_lazy("made the account %(user)s, an operator's"),
    "make_operator": gettext_lazy("made %(user)s an operator"),
    "disable_person": gettext_lazy("disabled the account %(user)s"),
    "enable_person": gettext_lazy("enabled the account %(user)s again"),
    "end_sessions": gettext_lazy("signed %(user)s out everywhere"),
    "set_profile": gettext_lazy("changed the profile of %(user)s"),
    "pause_queue": gettext_lazy("paused the queue of builds: %(why)s"),
    "resume_queue": gettext_lazy("let builds start again"),
    "set_price": gettext_lazy("set the price of %(instance_type)s"),
    "remove_price": gettext_lazy("removed the price of %(instance_type)s"),
    "start_drill": gettext_lazy("began a drill of %(node)s"),
    "cancel_drill": gettext_lazy("cancelled the drill of %(node)s"),
    "send_mail_again": gettext_lazy("had the mail to %(recipient)s tried again"),
    "admin_change": gettext_lazy("changed %(table)s %(row)s in the admin"),
    "admin_delete": gettext_lazy("deleted %(table)s %(row)s in the admin"),
}
# Where the sentence says little without its names.
_OF_ALL: Mapping[str, Promise] = {"change_role": gettext_lazy("changed a role")}


@dataclass(frozen=True)
class Event:
    """One entry of the log as a person reads it. `detail` has what the sentence leaves out, too."""

    at: datetime
    who: str
    actor: Actor
    did: str
    action: str
    project: str
    address: str
    detail: dict[str, Any]


def events(entries: Iterable[AuditEntry]) -> list[Event]:
    """The names of all actors are looked up together."""
    rows = list(entries)
    known = actors(entry.actor for entry in rows)
    return [
        Event(
            at=entry.at,
            who=called(known[entry.actor]),
            actor=known[entry.actor],
            did=sentence(entry),
            action=entry.action,
            project=entry.project,
            address=entry.address,
            detail=entry.detail,
        )
        for entry in rows
    ]


def called(actor: Actor) -> str:
    """How an actor is named before what they did."""
    match actor.kind:
        case "key":
            return _("Key “%(name)s”") % {"name": actor.name}
        case "operator":
            return _("Operator %(name)s") % {"name": actor.name}
        case "platform":
            return _("Madang")
        case _:
            return actor.name


def sentence(entry: AuditEntry) -> str:
    """What was done; of an action without a sentence, its own name."""
    pattern = _SENTENCES.get(entry.action)
    if pattern is None:
        return " ".join([entry.action.replace("_", " "), entry.project]).strip()
    return str(pattern) % _Facts(entry)


def deed(action: str) -> str:
    """The action whomever and whatever it was done to, as one of a list to choose from."""
    pattern = _OF_ALL.get(action) or _SENTENCES.get(action)
    return str(pattern) % _Anything() if pattern is not None else action.replace("_", " ")


class _Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


class _Facts(dict[str, str]):
    """What sentences name; what an old entry does not hold is a dash."""

    def __init__(self, entry: AuditEntry) -> None:
        super().__init__({name: _shown(name, value) for name, value in entry.detail.items()})
        self["project"] = entry.project or "–"
        if entry.action == "set_budget":
            self["budget"] = budget_after(entry.detail)
        if entry.action == "change_role":
            self["role"] = role_name(str(entry.detail.get("after", "")))

    def __missing__(self, name: str) -> str:
        return "–"


def _shown(name: str, value: Any) -> str:
    if name == "role":
        return role_name(str(value))
    if isinstance(value, list):
        return ", ".join(_few([str(each) for each in value])) or "–"
    return str(value)


def _few(names: list[str], most: int = 4) -> Iterator[str]:
    yield from names[:most]
    if len(names) > most:
        yield "…"


def role_name(role: str) -> str:
    return {
        "owner": _("owner"),
        "maintainer": _("maintainer"),
        "member": _("member"),
        "operator": _("operator"),
    }.get(role, role)

"""Which target a channel may have. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from deployer.sentence import Sentence
from portal.notifications.models import ChannelKind
from portal.notifications.public_address import is_allowed
from portal.problems import Problem, invalid

_LENGTH = 1000
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_DISCORD = re.compile(r"/api/(?:v\d+/)?webhooks/\d+/[\w-]+(?:/(?:slack|github))?/?")
# Where mail, DNS and the like listen, a webhook is an attack on them.
_LOWEST_PORT = 1024


def checked(kind: str, target: str, networks: tuple[str, ...] = ()) -> str:
    """The target as it is kept. Raises a 422 problem; where a name leads is checked when it is used."""
    target = target.strip()
    if kind == ChannelKind.EMAIL:
        if not _EMAIL.fullmatch(target):
            raise _bad("This is no e-mail address.", "Write it as name@example.org.")
        return target
    if len(target) > _LENGTH or any(ord(each) <= 0x20 or ord(each) == 0x7F for each in target):
        raise _bad("This is no address of a webhook.", "Copy it again.")
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError as error:
        raise _bad("This is no address of a webhook.", "Copy it again.") from error
    host = (parts.hostname or "").rstrip(".")
    if kind == ChannelKind.DISCORD:
        if parts.scheme != "https" or host not in ("discord.com", "discordapp.com", "ptb.discord.com"):
            raise _bad("This is no webhook of Discord.", "It begins with https://discord.com/api/webhooks/.")
        if not _DISCORD.fullmatch(parts.path):
            raise _bad("This is no webhook of Discord.", "It begins with https://discord.com/api/webhooks/.")
    elif kind == ChannelKind.SLACK:
        if parts.scheme != "https" or host != "hooks.slack.com" or not parts.path.startswith("/"):
            raise _bad("This is no webhook of Slack.", "It begins with https://hooks.slack.com/.")
    elif parts.scheme not in ("https", "http") or not host:
        raise _bad("This is no address of a webhook.", "It begins with https://.")
    if parts.username or parts.password:
        raise _bad("An address with a password in it is not kept.", "Use the signature to know Madang.")
    if port is not None and port not in (80, 443) and port < _LOWEST_PORT:
        raise _bad(
            Sentence("Port {port} is none that a webhook may go to.", port=port),
            "Use 443, or one above 1023.",
        )
    if _is_literal(host) and not is_allowed(host.strip("[]"), networks):
        raise _bad("This address is not reachable from outside.", "Use a public address.")
    return target


def _is_literal(host: str) -> bool:
    return ":" in host or bool(re.fullmatch(r"[0-9.]+", host))


def _bad(what: str, further: str) -> Problem:
    return invalid("bad-target", what, further)

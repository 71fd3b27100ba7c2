"""What Discord, Slack and others get: the body and its headers. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from portal.notifications.models import ChannelKind
from portal.notifications.wording import Message, Told

_GREEN, _RED = 0x2E9E5B, 0xD64545


def payload(kind: str, delivery: int, told: Told, message: Message, url: str) -> bytes:
    """`url` is the page's whole address."""
    if kind == ChannelKind.DISCORD:
        found: dict[str, Any] = _discord(told, message, url)
    elif kind == ChannelKind.SLACK:
        found = _slack(message, url)
    else:
        found = {
            "id": delivery,
            "event": told.kind,
            "at": told.at.isoformat().replace("+00:00", "Z"),
            "club": told.club,
            "project": told.project,
            "title": message.title,
            "text": message.text,
            "url": url,
            # What sentences were made of is ours.
            "data": {name: value for name, value in told.data.items() if name != "said"},
        }
    return json.dumps(found, ensure_ascii=False).encode()


def signed(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of a generic webhook: of the moment, a dot and the body, so that none can be sent again
    later."""
    digest = hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={digest.hex()}"


def _discord(told: Told, message: Message, url: str) -> dict[str, Any]:
    """https://discord.com/developers/docs/resources/webhook: 256 characters of title, 4096 of text."""
    return {
        "username": "Madang",
        # A commit's or a log's text names nobody.
        "allowed_mentions": {"parse": []},
        "embeds": [
            {
                "title": message.title[:256],
                "description": _plain(message.text)[:4096],
                "url": url,
                "color": _GREEN if message.good else _RED,
                "timestamp": told.at.isoformat(),
            }
        ],
    }


def _slack(message: Message, url: str) -> dict[str, Any]:
    """https://api.slack.com/reference/block-kit/blocks: plain text is never markup; 3000 characters of it."""
    texts = [message.title, *([message.text] if message.text else []), url]
    return {
        "text": _escaped(message.title),
        "blocks": [
            {"type": "section", "text": {"type": "plain_text", "text": text[:3000], "emoji": False}}
            for text in texts
        ],
    }


def _plain(text: str) -> str:
    """Discord reads its own marks in an embed."""
    return "".join(f"\\{each}" if each in "\\*_~`|>[]#<@" else each for each in text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

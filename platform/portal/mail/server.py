"""The mail server, as MADANG_EMAIL_URL names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Tls = Literal["starttls", "implicit", "none"]
_PORTS: dict[Tls, int] = {"starttls": 587, "implicit": 465, "none": 25}
_FORM = "write smtp://user:password@host:587/?tls=starttls (or tls=implicit, tls=none)"


@dataclass(frozen=True)
class MailServer:
    """An SMTP server; without `username` nobody logs in there."""

    host: str
    port: int
    tls: Tls
    username: str = ""
    password: str = field(default="", repr=False)


def mail_server(url: str) -> MailServer | None:
    """None for an empty URL: mails are caught. Raises ValueError that shows the form, not the password."""
    if not url:
        return None
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls = query.pop("tls", "starttls")
    if parts.scheme != "smtp" or not parts.hostname or parts.path not in ("", "/") or query:
        raise ValueError(f"this is no mail server's address; {_FORM}")
    if tls not in _PORTS:
        raise ValueError(f"tls is not understood; {_FORM}")
    try:
        port = parts.port or _PORTS[tls]
    except ValueError as error:
        raise ValueError(f"the port is a number up to 65535; {_FORM}") from error
    return MailServer(
        host=parts.hostname,
        port=port,
        tls=tls,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )

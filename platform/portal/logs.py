"""Structured logging: one JSON object a line."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

# What every LogRecord has; all else was given as `extra`.
_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime"}
# Objects that frameworks attach and that may hold a request's headers or a task's arguments.
_WITHHELD = frozenset({"request", "data", "taskName", "color_message"})

# JSON leaves them as they are, and some terminals obey them: a stranger's path stands in a line.
_OBEYED = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}

_LINK = re.compile(
    r"((?:/|%2F)(?:welcome|invitations|notifications/confirm|notifications/stop|apply/confirm|apply|password/reset|account/email/confirm)(?:/|%2F))\S{9,}"
)


class JsonFormatter(logging.Formatter):
    """time, level, logger, message, and what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        extra = {k: v for k, v in vars(record).items() if k not in _STANDARD and k not in _WITHHELD}
        line.update(extra)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Django names the address of what failed, and a link that was not used then is still good.
        told = {key: without_links(value) if isinstance(value, str) else value for key, value in line.items()}
        return json.dumps(told, default=str, ensure_ascii=False).translate(_OBEYED)


def without_links(text: str) -> str:
    """The text with the addresses of signed and one-time links shortened: whoever has one may go in."""
    return _LINK.sub(r"\1…", text)


class NoLinks(logging.Filter):
    """Shortens the addresses of links in uvicorn's lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, *rest = record.args
            record.args = (client, method, without_links(str(path)), *rest)
        return True


class NoProbes(logging.Filter):
    """Leaves out uvicorn's lines on health probes that went well: one each few seconds."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            _, _, path, _, status = record.args
            return not (str(path) in ("/healthz", "/readyz") and status == 200)
        return True

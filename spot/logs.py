"""The handler's log: one JSON object a line, for whatever collects it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from spot.times import zulu

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonLines(logging.Formatter):
    """`{"time", "level", "logger", "message"}`, the `extra` of the call, and `error` with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": zulu(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)

"""How far each deploy's log was read, so that `madang attach` resumes where it stopped."""

from datetime import UTC, datetime
from typing import Any

from platformdirs import user_state_path

from madang.files import read_json, write_json

_KEPT_STREAMS = 50
_PATH_NAME = "streams.json"


def read_sequence(url: str, stream: str) -> int:
    """The last sequence that was shown of a stream; 0 when it is new."""
    entry = _streams().get(f"{url} {stream}", {})
    return int(entry.get("sequence", 0))


def keep_sequence(url: str, stream: str, sequence: int) -> None:
    """Remembers it; only the newest 50 streams are kept."""
    streams = _streams()
    streams[f"{url} {stream}"] = {"sequence": sequence, "at": datetime.now(UTC).isoformat()}
    newest = sorted(streams.items(), key=lambda item: item[1]["at"], reverse=True)[:_KEPT_STREAMS]
    write_json(user_state_path("madang") / _PATH_NAME, {"streams": dict(newest)})


def _streams() -> dict[str, Any]:
    found = read_json(user_state_path("madang") / _PATH_NAME).get("streams", {})
    return dict(found)

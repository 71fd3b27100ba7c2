"""The words in which EC2 tells of an instance's state and of its scheduled events. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENDING = frozenset({"stopping", "shutting-down"})
ENDED = frozenset({"stopped", "terminated"})
_OVER = ("[Completed]", "[Canceled]")


def is_over(event: Mapping[str, Any]) -> bool:
    """Whether a scheduled event is done or called off. Only the metadata service tells a `State` as well."""
    described = str(event.get("Description", ""))
    return event.get("State") in ("completed", "canceled") or described.startswith(_OVER)

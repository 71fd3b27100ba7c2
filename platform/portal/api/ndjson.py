"""Answers that go on: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse


def ndjson(objects: AsyncIterator[dict[str, object]]) -> StreamingHttpResponse:
    """Streams the objects as they come; nothing on the way shall keep or collect them."""

    async def lines() -> AsyncIterator[bytes]:
        async for each in objects:
            yield json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    return StreamingHttpResponse(
        lines(),
        content_type="application/x-ndjson",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )

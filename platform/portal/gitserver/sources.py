"""A build fetches its source: GET /sources/<build>.tar.gz with its one-build token."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from portal.builds.selectors import build_for_source_token
from portal.gitserver.answers import NEVER_CACHED, Scope, Send, answer, header
from portal.gitserver.authentication import key_of
from portal.gitserver.repositories import Repositories
from portal.gitserver.settle import archive_place
from portal.threads import database, disk

_PATH = re.compile(r"/sources/([0-9]{1,18})\.tar\.gz")
_CHUNK_BYTES = 256 << 10


def build_of(path: str) -> int | None:
    match = _PATH.fullmatch(path)
    return int(match[1]) if match else None


async def give_source(repositories: Repositories, scope: Scope, send: Send, build_id: int) -> None:
    """Streams the archive. The same 404 for a wrong token, an ended build and an unknown one."""
    token = key_of(header(scope, b"authorization")) or ""
    archive = await database(_archive, repositories, build_id, token) if token else None
    if archive is None:
        await answer(send, 404, "There is no such source, or this token does not open it.")
        return
    with archive:
        size_bytes = archive.seek(0, 2)
        archive.seek(0)
        headers = [
            (b"content-type", b"application/gzip"),
            (b"content-length", str(size_bytes).encode()),
            *NEVER_CACHED,
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] != "HEAD":
            while chunk := await disk(archive.read, _CHUNK_BYTES):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _archive(repositories: Repositories, build_id: int, token: str) -> BinaryIO | None:
    build = build_for_source_token(build_id, token)
    if build is None:
        return None
    path: Path = archive_place(repositories, build)
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None

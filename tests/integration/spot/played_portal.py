"""Where the handler's reports go in these tests: each interruption's newest record."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class PlayedPortal:
    """Takes records as the portal does: an older revision changes nothing."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.url = ""

    def take(self, record: dict[str, Any]) -> None:
        known = self.records.get(record["id"])
        if known is None or record["revision"] > known["revision"]:
            self.records[record["id"]] = record

    def of(self, node: str, state: str = "") -> dict[str, Any] | None:
        """The newest record of a node, if it is in that state."""
        found = [each for each in list(self.records.values()) if each["node"] == node]
        newest = max(found, key=lambda each: str(each["noticed_at"]), default=None)
        return newest if newest and state in ("", newest["state"]) else None


@contextmanager
def running_portal() -> Iterator[PlayedPortal]:
    portal = PlayedPortal()

    class Answer(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            portal.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    portal.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield portal
    finally:
        server.shutdown()
        server.server_close()

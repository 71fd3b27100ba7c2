"""A small HTTP server in the metadata service's place, for what the real one does only on bad days."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DOCUMENTS = {
    "instance-id": "i-1234567890abcdef0",
    "spot/instance-action": '{"action": "terminate", "time": "2026-11-25T03:02:00Z"}',
    "autoscaling/target-lifecycle-state": "InService",
}


@dataclass
class Script:
    """What the server does next: `statuses` by document, instead of the document."""

    url: str = ""
    token: str = "first"
    token_status: int = 200
    documents: dict[str, str] = field(default_factory=lambda: dict(DOCUMENTS))
    statuses: dict[str, int] = field(default_factory=dict)
    may_answer: threading.Event = field(default_factory=threading.Event)
    hang_up: bool = False
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    """(method, path, token) of each request."""

    def paths(self, method: str) -> list[str]:
        return [path for asked_method, path, _ in self.asked if asked_method == method]


@contextmanager
def scripted() -> Iterator[Script]:
    script = Script()
    script.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self._note()
            if self.headers.get("X-aws-ec2-metadata-token-ttl-seconds") is None:
                self._send(400, "no ttl")
            else:
                self._send(script.token_status, script.token)

        def do_GET(self) -> None:
            self._note()
            name = self.path.removeprefix("/latest/meta-data/")
            if self.headers.get("X-aws-ec2-metadata-token") != script.token:
                self._send(401, "unauthorized")
            elif name in script.statuses:
                self._send(script.statuses[name], "trouble")
            elif name in script.documents:
                self._send(200, script.documents[name])
            else:
                self._send(404, "not found")

        def _note(self) -> None:
            script.asked.append((self.command, self.path, self.headers.get("X-aws-ec2-metadata-token")))

        def _send(self, status: int, text: str) -> None:
            script.may_answer.wait()
            if script.hang_up:
                self.close_connection = True
                return
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", f"{script.url}/latest/meta-data/instance-id")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        script.may_answer.set()
        server.shutdown()
        server.server_close()

"""Between the controller and the API server: refuses, hangs, or tells before and after a request."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

JsonMap = dict[str, Any]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: JsonMap

    @property
    def is_watch(self) -> bool:
        return "watch=true" in self.path


@dataclass
class FaultyProxy:
    """`fault(request)` gives a status to answer in the API server's place, None for none; it may wait.

    `after(request)` runs when the API server has done a request and its client does not know yet.
    """

    kubeconfig: Path
    fault: Callable[[Request], int | None] = lambda request: None
    after: Callable[[Request], None] = lambda request: None
    seen: list[Request] = field(default_factory=list)


@contextmanager
def running_proxy(upstream: Path, folder: Path) -> Iterator[FaultyProxy]:
    """`upstream` is the API server's kubeconfig; the proxy's own is written into `folder`."""
    config = yaml.safe_load(upstream.read_text())
    server = urlsplit(config["clusters"][0]["cluster"]["server"])
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    proxy = FaultyProxy(folder / "kubeconfig-proxy")

    class Pass(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            request = Request(self.command, self.path, json.loads(content) if content else {})
            proxy.seen.append(request)
            status = proxy.fault(request)
            if status is not None:
                self._say(status)
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            there = http.client.HTTPSConnection(str(server.hostname), server.port, context=trusting)
            try:
                there.request(self.command, self.path, content or None, headers)
                answer = there.getresponse()
                proxy.after(request)
                self._forward(answer, request.is_watch)
            finally:
                there.close()

        def _forward(self, answer: http.client.HTTPResponse, streamed: bool) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type") or "application/json")
            if not streamed:
                content = answer.read()
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            with suppress(OSError, http.client.HTTPException):
                while chunk := answer.read1():
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.write(b"0\r\n\r\n")

        def _say(self, status: int) -> None:
            content = json.dumps(
                {"kind": "Status", "code": status, "message": "a fault of the test"}
            ).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = _pass

        def log_message(self, format: str, *args: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Pass)
    listening.daemon_threads = True
    config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{listening.server_port}"}
    proxy.kubeconfig.write_text(yaml.safe_dump(config))
    threading.Thread(target=listening.serve_forever, name="proxy", daemon=True).start()
    try:
        yield proxy
    finally:
        listening.shutdown()
        listening.server_close()

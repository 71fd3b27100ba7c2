"""Serves the page that the first stage of the Dockerfile has made."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = Path(__file__).with_name("index.html").read_bytes()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path in ("/", "/index.html")
        body = PAGE if known else b"not found\n"
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the requests that have begun
    request_queue_size = 128  # visitors who may wait for their turn; by default five, and the sixth is lost


def main() -> None:
    with Server(("", int(os.environ.get("PORT", "8080"))), Handler) as server:
        # The platform sends SIGTERM before it stops a copy: answer what has begun, take nothing new.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        print(f"listening on {server.server_port}")
        server.serve_forever()


if __name__ == "__main__":
    main()

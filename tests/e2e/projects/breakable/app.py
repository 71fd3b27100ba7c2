"""Breaks in the way that BREAK names, so that what is said of it can be compared with what a visitor gets."""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BREAK = os.environ.get("BREAK", "")


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if BREAK == "slow":
            time.sleep(60)
        self.send_response(500 if BREAK == "error" else 200)
        self.end_headers()
        self.wfile.write(b"Hello, visitor, from version 1\n")


if BREAK == "crash":
    sys.exit("KeyError: 'DATABASE_URL'")
if BREAK == "memory":
    held = bytearray()
    while True:
        held += b"x" * (16 << 20)
host = "127.0.0.1" if BREAK == "local" else "0.0.0.0"  # noqa: S104
port = int(os.environ["PORT"])
print(f"Listening on {host}:{port}", flush=True)
ThreadingHTTPServer((host, port), Page).serve_forever()

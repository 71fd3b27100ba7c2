"""Answers with its version."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from version import VERSION


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"Hello from {VERSION}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", int(os.environ["PORT"])), Page).serve_forever()

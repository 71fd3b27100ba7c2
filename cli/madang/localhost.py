"""Names under `.localhost` are this machine, also where the system's resolver does not know it.

RFC 6761 section 6.3 says so and browsers, curl and git keep to it; glibc without systemd-resolved,
and so Python, does not.
"""

import socket

import httpx


class LocalhostTransport(httpx.HTTPTransport):
    """Connects to 127.0.0.1 for names that do not resolve; Host header and TLS name stay as asked."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host
        if not _resolves(name):
            request.extensions = {**request.extensions, "sni_hostname": name}
            request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def _resolves(name: str) -> bool:
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return False
    return True

"""Listening sockets of the ways into the embedded cluster."""

import socket

# Connections that wait to be taken. What comes while the queue is full is dropped, and its sender tries again
# after 1, 3 and 7 s. asyncio's own 100 are a second of a few busy projects on a machine short of time.
BACKLOG = 4096


def listen(address: str) -> socket.socket:
    """At `address`, "host:port"; raises OSError."""
    host, _, port = address.rpartition(":")
    return socket.create_server((host, int(port)), backlog=BACKLOG)

"""Forwards connections from one network into another.

    python -m localcluster.gate ADDRESS:PORT ...
    python -m localcluster.gate --listen ADDRESS:PORT --connect-in NETNS ADDRESS:PORT

A socket stays in the network that it was made in. The first form is handed listening sockets of the host (the
descriptors in LISTEN_FDS, one a target) and connects in the network of the machine that it runs in. The
second listens there, then steps into the network NETNS, where it connects. So the host needs no bridge, no
route, no firewall rule and no forwarding.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable

from localcluster import kernel
from localcluster.listening import BACKLOG, listen

CHUNK_BYTES = 1 << 16


def main() -> None:
    parser = argparse.ArgumentParser(prog="localcluster.gate", description=__doc__)
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--listen")
    parser.add_argument("--connect-in", help="path of the network namespace to connect in")
    arguments = parser.parse_args()
    if arguments.listen:
        listeners = [listen(arguments.listen)]
        network = os.open(arguments.connect_in, os.O_RDONLY)
        kernel.setns(network, kernel.NEWNET)
    else:
        listeners = [socket.socket(fileno=int(fd)) for fd in os.environ["LISTEN_FDS"].split(",")]
    if len(listeners) != len(arguments.targets):
        sys.exit(f"{len(listeners)} sockets for {len(arguments.targets)} targets")
    asyncio.run(_serve(listeners, arguments.targets))


async def _serve(listeners: list[socket.socket], targets: list[str]) -> None:
    servers = []
    for listener, target in zip(listeners, targets, strict=True):
        host, _, port = target.rpartition(":")
        serve = _forwarder(host, int(port))
        servers.append(await asyncio.start_server(serve, sock=listener, backlog=BACKLOG))
    await asyncio.gather(*(server.serve_forever() for server in servers))


def _forwarder(
    host: str, port: int
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            far_writer.close()
            writer.close()

    return forward


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end, and pass the end on: the other direction may have more to say."""
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


if __name__ == "__main__":
    main()

"""`python -m portal.serving portal.asgi:application --port=8000 --ingress-port=8001`: uvicorn, some ports."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from functools import partial
from ipaddress import ip_network

import uvicorn
from uvicorn.importer import import_from_string

from portal.forwarded import Application, ByPort, FromIngress

# Longer than the ingress controller keeps an idle connection (90 s): else it may write into a closed one.
_KEEP_ALIVE_SECONDS = 120
_STARTUP_FAILURE = 3


def main(words: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(words)
    # A factory, as uvicorn sets up its own log lines first; the application then makes them ours.
    config = uvicorn.Config(
        partial(_application, options),
        factory=True,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=options.graceful_seconds,
    )
    ports = [port for port in (options.port, options.ingress_port, options.absence_port) if port is not None]
    server = uvicorn.Server(config)
    server.run(sockets=[_listen(options.host, port) for port in ports])
    return 0 if server.started else _STARTUP_FAILURE


def _application(options: argparse.Namespace) -> Application:
    application = FromIngress(
        import_from_string(options.application), options.ingress_port, options.trusted_proxy or ()
    )
    if options.absence_port is None:
        return application
    return ByPort(
        options.absence_port, import_from_string("portal.absence.application:Absent")(), application
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise SystemExit(
            f"Cannot listen on {host} port {port}: {error.strerror}. Choose another port."
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal.serving", description="Serve the portal or git.")
    parser.add_argument("application", help="as portal.asgi:application or portal.gitserver.asgi:application")
    parser.add_argument("--host", default="0.0.0.0", help="the address to listen on (%(default)s)")  # noqa: S104
    parser.add_argument(
        "--port", type=int, required=True, help="for callers inside: they speak for themselves"
    )
    parser.add_argument(
        "--ingress-port",
        type=int,
        help="for the ingress controller alone, whose X-Forwarded-For is believed here; none without it",
    )
    parser.add_argument(
        "--absence-port",
        type=int,
        help="for the ingress controller too: visitors of addresses where no project is; none without it",
    )
    parser.add_argument(
        "--trusted-proxy",
        type=ip_network,
        action="append",
        metavar="NETWORK",
        help="of load balancers in front of the ingress controller that add to X-Forwarded-For (repeatable)",
    )
    parser.add_argument(
        "--graceful-seconds", type=int, default=25, help="what requests have left at the end (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""The platform's connections to PostgreSQL and Redis, whose machine may vanish without a word."""

from __future__ import annotations

import socket
from typing import Any

from portal import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from redis import Connection


def options(url: str) -> dict[str, object]:
    """What libpq is told beside the address; it refuses what it does not know."""
    given = {name: value for name, value in settings._database(url, 5)["OPTIONS"].items() if name != "pool"}
    return dict(conninfo_to_dict(make_conninfo(**given)))


def test_a_database_whose_machine_is_gone_is_given_up_unless_its_address_says_otherwise() -> None:
    assert options("postgresql://madang@db/madang")["tcp_user_timeout"] == "30000"
    assert options("postgresql://madang@db/madang?tcp_user_timeout=5000")["tcp_user_timeout"] == "5000"


def test_a_broker_whose_machine_is_gone_is_given_up() -> None:
    told = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection: Any = Connection(
            host="127.0.0.1",
            port=listening.getsockname()[1],
            socket_keepalive=told["socket_keepalive"],
            socket_keepalive_options=told["socket_keepalive_options"],
        )
        with connection._connect() as made:
            assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
            assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

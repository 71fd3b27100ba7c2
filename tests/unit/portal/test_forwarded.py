"""Whom a request came from, by the word of proxies."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from portal.forwarded import ByPort, FromIngress, visitor

BALANCERS = [ip_network("10.8.0.0/16"), ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("192.0.2.9", "192.0.2.9"),
        # What the visitor wrote stands before what the ingress controller added.
        ("6.6.6.6, 192.0.2.9", "192.0.2.9"),
        ("6.6.6.6, 192.0.2.9, 10.8.0.1", "192.0.2.9"),
        ("6.6.6.6, 192.0.2.9, 10.8.0.1, 2001:db8::1", "192.0.2.9"),
        ("10.8.0.1", "10.8.0.1"),
        ("192.0.2.9:4711", "192.0.2.9"),
        ("[2001:db9::1]:4711", "2001:db9::1"),
        ("2001:db9::1", "2001:db9::1"),
        ("192.0.2.9, nonsense", None),
        ("nonsense, 10.8.0.1", "10.8.0.1"),
        ("", None),
        (",", None),
    ],
)
def test_the_visitor_is_the_last_that_is_no_balancer(forwarded: str, address: str | None) -> None:
    assert visitor([part.strip() for part in forwarded.split(",")], BALANCERS) == address


async def seen(port: int, *headers: tuple[bytes, bytes]) -> tuple[object, object]:
    scopes: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    scope = {
        "type": "http",
        "server": ("10.244.1.2", port),
        "client": ("10.244.9.9", 1234),
        "scheme": "http",
        "headers": list(headers),
    }
    await FromIngress(application, 8001)(scope, None, None)
    return scopes[0]["client"][0], scopes[0]["scheme"]


FORGED = ((b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-proto", b"https"))


async def test_on_the_ingress_controllers_port_its_word_counts() -> None:
    assert await seen(8001, *FORGED) == ("6.6.6.6", "https")
    assert await seen(8001, *FORGED, (b"x-forwarded-for", b"192.0.2.9")) == ("192.0.2.9", "https")


async def test_on_any_other_port_it_counts_for_nothing() -> None:
    assert await seen(8000, *FORGED) == ("10.244.9.9", "http")


async def test_without_its_word_the_caller_is_who_calls() -> None:
    assert await seen(8001) == ("10.244.9.9", "http")
    assert await seen(8001, (b"x-forwarded-for", b""), (b"x-forwarded-proto", b"gopher")) == (
        "10.244.9.9",
        "http",
    )


async def test_without_an_ingress_controllers_port_nobody_is_believed() -> None:
    scopes: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    scope = {"type": "http", "server": None, "client": ("10.0.0.1", 1), "headers": list(FORGED)}
    await FromIngress(application, None)(scope, None, None)
    assert scopes[0]["client"] == ("10.0.0.1", 1)


async def test_the_port_decides_and_no_host_or_path_leads_past_it() -> None:
    came: list[str] = []

    def to(name: str) -> Any:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            came.append(name)

        return application

    served = ByPort(8002, to("absence"), to("portal"))
    for kind in ("http", "websocket"):
        for path in ("/", "/api/v1/whoami", "/static/x", "/healthz", "//", "http://madang.localhost/login"):
            scope = {"type": kind, "server": ("10.244.1.2", 8002), "path": path, "headers": []}
            await served({**scope, "headers": [(b"host", b"madang.localhost")]}, None, None)
    assert set(came) == {"absence"}
    came.clear()
    await served({"type": "http", "server": ("10.244.1.2", 8001), "headers": []}, None, None)
    await served({"type": "lifespan"}, None, None)
    assert came == ["portal", "portal"]

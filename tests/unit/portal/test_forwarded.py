"""Whom a request came from, by the word of proxies."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from portal.forwarded import FromIngress, visitor

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

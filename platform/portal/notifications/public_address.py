"""Which addresses a webhook may go to: those of the world, and networks that the operator named. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# RFC 6052: the last four bytes are an IPv4 address.
_NAT64 = IPv6Network("64:ff9b::/96")
# RFC 4291: all that is routed in the world, and so no unique local, link-local or IPv4-compatible one.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# In it, but nobody's: RFC 3849 and 9637 (documentation), 4843 and 7343 (ORCHID), 5180 (benchmarks).
_NOWHERE = tuple(
    IPv6Network(each)
    for each in ("2001:db8::/32", "3fff::/20", "2001:10::/28", "2001:20::/28", "2001:2::/48")
)

# Python takes parts of these for the world's: RFC 6890 (protocol assignments), 7526 (6to4 relays).
_NOWHERE_4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))


def is_allowed(address: str, networks: Iterable[str] = ()) -> bool:
    """Whether this address, or one that it carries inside, is public or in one of the named networks."""
    try:
        given = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = _inside(given)
    return _is_public(found) or any(found in ip_network(each) for each in networks)


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv6 address that leads to an IPv4 one is that one: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Not private, loopback, link-local (metadata services live there), CGNAT, multicast or reserved."""
    if isinstance(address, IPv6Address):
        return address in _GLOBAL_UNICAST and not any(address in each for each in _NOWHERE)
    if address.is_multicast or address.is_reserved or any(address in each for each in _NOWHERE_4):
        return False
    return address.is_global

"""Settings that an operator writes as text."""

from __future__ import annotations

import pytest
from portal.environment import Environment
from pydantic import ValidationError


def test_dns_networks_are_read_from_a_list_with_commas() -> None:
    given = Environment(dns_addresses="169.254.20.10/32, fd00::/64,")
    assert given.dns_networks == ("169.254.20.10/32", "fd00::/64")
    assert Environment(dns_addresses="").dns_networks == ()


def test_what_is_no_network_is_refused_with_an_example() -> None:
    with pytest.raises(ValidationError, match=r"10\.0\.0\.2/32, apart by commas"):
        Environment(dns_addresses="dns.example.org")

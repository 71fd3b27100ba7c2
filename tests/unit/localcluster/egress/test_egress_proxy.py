import re
from pathlib import Path

import pytest

from localcluster.egress.proxy import configuration, filter_lines, proxy_command, proxy_files
from localcluster.egress.registries import WayOut
from localcluster.egress.upstream import Upstream, from_environment
from localcluster.errors import ClusterError

WAY_OUT = WayOut(("a.example",), ports=(443, 8443), plain_ports=(80, 8081))


def passes(asked: str, way_out: WayOut = WAY_OUT) -> bool:
    """As tinyproxy looks for its lines, in the word after the method."""
    return any(re.search(line, asked, re.IGNORECASE) for line in filter_lines(way_out).splitlines())


def test_everything_but_the_named_hosts_is_refused() -> None:
    lines = configuration(Path("/home"), 3128, WAY_OUT).splitlines()
    assert {"FilterDefaultDeny Yes", "FilterURLs Yes", "FilterType ere"} <= set(lines)
    assert "Listen 127.0.0.1" in lines


@pytest.mark.parametrize(
    "asked",
    [
        *("a.example:443", "a.example:8443", "http://a.example/simple", "http://a.example"),
        *("http://a.example:80/", "http://a.example:8081/", "HTTP://A.EXAMPLE/", "http://a.example/@x"),
    ],
)
def test_a_named_host_is_reached_at_its_ports(asked: str) -> None:
    assert passes(asked)


@pytest.mark.parametrize(
    "host", ["xa.example", "a.example.evil", "a-example", "sub.a.example", "a.example@b"]
)
def test_a_name_that_merely_contains_an_allowed_one_does_not_match(host: str) -> None:
    assert not any(map(passes, (f"{host}:443", f"http://{host}/", f"http://{host}:80/")))


@pytest.mark.parametrize(
    "asked",
    [
        *("a.example:22", "a.example:80", "a.example:4430", "a.example"),
        *("http://a.example:5000/", "http://a.example:8000/", "http://a.example:80@b/", "ftp://a.example/"),
        *("http://a.example:8081@b/", "http://b/http://a.example/", "http://b/?a.example:443"),
    ],
)
def test_another_port_of_a_named_host_is_refused(asked: str) -> None:
    """An index on this very machine opens nothing else of its loopback, where the mirror is written to."""
    assert not passes(asked)


def test_an_address_in_place_of_a_name_is_asked_for_in_brackets() -> None:
    way_out = WayOut(("fd00::1",))
    assert passes("[fd00::1]:443", way_out)
    assert passes("http://[fd00::1]/", way_out)


def test_the_command_reads_the_files() -> None:
    files = proxy_files(Path("/state/control"), 3128, WayOut(("a.example",)))
    assert Path(proxy_command(Path("/state/control"))[-1]).name in files
    assert '"/state/control/tinyproxy.hosts"' in files["tinyproxy.conf"]


def test_a_machine_behind_a_proxy_passes_it_on() -> None:
    upstream = from_environment(
        {"HTTPS_PROXY": "http://club:p%40ss@proxy.example:8080", "no_proxy": "localhost, .intern.example,*"}
    )
    assert upstream == Upstream("http", "proxy.example", 8080, "club:p@ss", ("localhost", ".intern.example"))
    lines = configuration(Path("/home"), 3128, WayOut((), upstream=upstream)).splitlines()
    assert "Upstream http club:p@ss@proxy.example:8080" in lines
    assert lines[-1] == 'Upstream none ".intern.example"'


def test_a_machine_with_a_direct_way_out_has_no_upstream() -> None:
    assert from_environment({"PATH": "/bin", "no_proxy": "localhost"}) is None


def test_a_proxy_that_cannot_be_passed_on_says_what_can() -> None:
    with pytest.raises(ClusterError, match="http://HOST:PORT"):
        from_environment({"https_proxy": "https://proxy.example"})

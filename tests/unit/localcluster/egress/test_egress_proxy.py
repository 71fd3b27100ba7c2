import re
from pathlib import Path

import pytest

from localcluster.egress.proxy import configuration, filter_lines, proxy_command, proxy_files
from localcluster.egress.registries import WayOut
from localcluster.egress.upstream import Upstream, from_environment
from localcluster.errors import ClusterError


def test_everything_but_the_named_hosts_is_refused() -> None:
    lines = configuration(Path("/home"), 3128, WayOut(("a.example",), (443, 8443))).splitlines()
    assert "FilterDefaultDeny Yes" in lines
    assert [line for line in lines if line.startswith("ConnectPort")] == [
        "ConnectPort 443",
        "ConnectPort 8443",
    ]
    assert "Listen 127.0.0.1" in lines


@pytest.mark.parametrize("host", ["xa.example", "a.example.evil", "a-example", "sub.a.example"])
def test_a_name_that_merely_contains_an_allowed_one_does_not_match(host: str) -> None:
    (pattern,) = filter_lines(("a.example",)).split()
    assert re.search(pattern, "a.example")
    assert not re.search(pattern, host)


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

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcluster.egress import registries
from localcluster.egress.clients import addresses_in, go_addresses, npm_registries, pip_indexes, without_login
from localcluster.egress.registries import WayOut, hosts, ports, way_out


def test_pips_indexes_are_read_from_files_and_variables() -> None:
    listing = (
        ":env:.cert='/etc/ssl/certs/ca-certificates.crt'\n"
        "global.index-url='https://packages.example/simple'\n"
        "install.extra-index-url='https://one.example/simple https://two.example/simple'\n"
    )
    assert pip_indexes(listing, {"UV_DEFAULT_INDEX": "https://uv.example/simple"}) == (
        ["https://packages.example/simple", "https://uv.example/simple"],
        ["https://one.example/simple", "https://two.example/simple"],
    )


def test_an_unconfigured_pip_names_no_index() -> None:
    assert pip_indexes(":env:.find-links='/opt/wheels'\n", {}) == ([], [])


def test_npms_registries_are_those_in_effect() -> None:
    listing = (
        '; "default" config from default values\n'
        '; registry = "https://built-in.example/" ; overridden by user\n'
        'replace-registry-host = "npmjs"\n'
        '; "user" config from /home/club/.npmrc\n'
        '@club:registry = "https://club.example/npm/"\n'
        "//npm.example/:_authToken = (protected)\n"
        'registry = "https://npm.example/"\n'
    )
    assert npm_registries(listing) == (
        "https://built-in.example/",
        {"registry": "https://npm.example/", "@club:registry": "https://club.example/npm/"},
    )


def test_gos_proxies_are_those_with_an_address() -> None:
    assert go_addresses("https://a.example|https://b.example/go,direct", "sums.example") == [
        "https://a.example",
        "https://b.example/go",
        "https://sums.example",
    ]
    assert go_addresses("off", "off") == []
    assert go_addresses("direct", "sums.example+abc123 https://mirror.example/sums") == [
        "https://mirror.example/sums"
    ]


def test_mavens_repositories_are_read_but_not_what_it_blocks() -> None:
    document = b"""<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0"><mirrors>
      <mirror><id>ours</id><url>https://maven.example/all</url></mirror>
      <mirror><id>blocker</id><url>http://0.0.0.0/</url><blocked>true</blocked></mirror>
    </mirrors></settings>"""
    assert addresses_in(document) == ["https://maven.example/all"]


def test_a_build_learns_no_login() -> None:
    assert without_login("https://club:secret@packages.example:8443/simple") == (
        "https://packages.example:8443/simple"
    )


def test_hosts_are_each_named_once_in_a_fixed_order() -> None:
    addresses = ["https://b.example/x", "http://a.example", "https://user:pw@b.example:8443/", "nonsense"]
    assert hosts(addresses) == ("a.example", "b.example")
    assert ports(addresses, "https", 443) == (443, 8443)
    assert ports([*addresses, "http://a.example:8081/x"], "http", 80) == (80, 8081)


def test_those_that_want_to_know_at_once_ask_the_clients_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, all_are_here = [], threading.Barrier(3)

    def ask(cache: Path, report: object) -> WayOut:
        asked.append(cache)
        return WayOut(hosts=("registry.example",))

    def want(_: int) -> WayOut:
        all_are_here.wait()
        return way_out(tmp_path, print)

    monkeypatch.setattr(registries, "_ask", ask)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(want, range(3)))
    assert asked == [tmp_path]
    assert {answer.hosts for answer in answers} == {("registry.example",)}

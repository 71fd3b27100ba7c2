"""Which hosts a build may reach: those that this machine's own package clients are set to, and no other."""

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from localcluster.egress import clients
from localcluster.egress.upstream import Upstream, from_environment
from localcluster.images.apt_sources import entries
from localcluster.images.debian import debian
from localcluster.images.languages import NODES, node
from localcluster.images.store import Store, open_store
from localcluster.report import Report

MORE_HOSTS = "MADANG_EGRESS_HOSTS"

_ASKED: dict[Path, "WayOut"] = {}
_ASKING = threading.Lock()


@dataclass(frozen=True)
class WayOut:
    """`hosts` may be reached, with TLS at `ports`, without at `plain_ports`; `settings` are the clients'
    variables that differ from their own defaults; `upstream` is the proxy that this machine itself needs."""

    hosts: tuple[str, ...]
    ports: tuple[int, ...] = (443,)
    plain_ports: tuple[int, ...] = (80,)
    settings: Mapping[str, str] = field(default_factory=dict)
    upstream: Upstream | None = None


def way_out(cache: Path, report: Report) -> WayOut:
    """Read this machine's pip, npm, Go, Maven and apt settings.

    The hosts of apt and yarn are those in our base images, which are made when they are not there.
    MADANG_EGRESS_HOSTS names more (commas between). Asked once in a process: the clients take seconds to
    answer. Raises ClusterError when one is missing.
    """
    with _ASKING:  # `up` wants it for the proxy and for the builds' settings at the same time
        if cache not in _ASKED:
            _ASKED[cache] = _ask(cache, report)
        return _ASKED[cache]


def _ask(cache: Path, report: Report) -> WayOut:
    store = open_store(cache, report)
    pip, npm, go = clients.pip(), clients.npm(cache, report), clients.go(cache, report)
    addresses = [*pip.addresses, *npm.addresses, *go.addresses, *clients.maven()]
    addresses += [*_apt_addresses(store), *_yarn_addresses(store)]
    more = [f"https://{host.strip()}" for host in os.environ.get(MORE_HOSTS, "").split(",") if host.strip()]
    return WayOut(
        hosts=hosts([*addresses, *more]),
        ports=ports(addresses, "https", 443),
        plain_ports=ports(addresses, "http", 80),
        settings={**pip.settings, **npm.settings, **go.settings},
        upstream=from_environment(os.environ),
    )


def hosts(addresses: Iterable[str]) -> tuple[str, ...]:
    """Host names of web addresses, sorted, so that the same settings give the same filter."""
    found = (urlsplit(address).hostname for address in addresses)
    return tuple(sorted({host for host in found if host}))


def ports(addresses: Iterable[str], scheme: str, default: int) -> tuple[int, ...]:
    """The scheme's own port, and those that its addresses name."""
    named = {urlsplit(address).port for address in addresses if address.startswith(f"{scheme}://")}
    return tuple(sorted({default} | {port for port in named if port}))


def _apt_addresses(store: Store) -> Iterator[str]:
    lists = store.tree(debian(store).layers[0]) / "etc/apt"
    for file in [lists / "sources.list", *sorted((lists / "sources.list.d").glob("*"))]:
        if file.is_file():
            yield from (uri for uri, _, _ in entries(file.read_text()))


def _yarn_addresses(store: Store) -> list[str]:
    """Yarn 1 has a registry of its own name built in."""
    layer = node(store, NODES[-1])
    program = subprocess.run(
        ["tar", "-xzOf", layer.path, "usr/local/lib/node_modules/yarn/lib/cli.js"],
        capture_output=True,
        text=True,
        check=True,
    )
    return re.findall(r"\bYARN_REGISTRY = ['\"](https?://[^'\"]+)['\"]", program.stdout)

"""tinyproxy's configuration: it refuses everything but the given hosts at the given ports."""

import re
from pathlib import Path

from localcluster.egress.registries import WayOut

_CONFIGURATION, _FILTER = "tinyproxy.conf", "tinyproxy.hosts"


def proxy_files(home: Path, port: int, way_out: WayOut) -> dict[str, str]:
    """Contents of the files of `home` that `proxy_command` reads; the proxy listens on 127.0.0.1:`port`."""
    return {_CONFIGURATION: configuration(home, port, way_out), _FILTER: filter_lines(way_out)}


def proxy_command(home: Path) -> tuple[str, ...]:
    """Runs it in the foreground, logging to standard output. It belongs into the host's network."""
    return ("tinyproxy", "-d", "-c", str(home / _CONFIGURATION))


def configuration(home: Path, port: int, way_out: WayOut) -> str:
    lines = [
        f"Port {port}",
        "Listen 127.0.0.1",
        "User nobody",
        "Group nogroup",
        "Timeout 600",
        "MaxClients 400",
        "LogLevel Connect",
        "DisableViaHeader Yes",
        f'Filter "{home / _FILTER}"',
        "FilterDefaultDeny Yes",
        "FilterType ere",
        # With the port: of a host that may be reached every other would be open to plain HTTP.
        "FilterURLs Yes",
    ]
    if upstream := way_out.upstream:
        login = f"{upstream.login}@" if upstream.login else ""
        lines.append(f"Upstream {upstream.kind} {login}{upstream.host}:{upstream.port}")
        lines += [f'Upstream none "{target}"' for target in upstream.direct]  # the last match wins
    return "".join(f"{line}\n" for line in lines)


def filter_lines(way_out: WayOut) -> str:
    """Extended regular expressions, two a host: of what a client asks to be led to (host:port), and of the
    addresses that it asks for. tinyproxy looks for them anywhere in the text, so they are anchored.
    """
    tls, plain = ("|".join(map(str, numbers)) for numbers in (way_out.ports, way_out.plain_ports))
    names = [re.escape(f"[{host}]" if ":" in host else host) for host in way_out.hosts]
    return "".join(f"^{name}:({tls})$\n^http://{name}(:({plain}))?(/|$)\n" for name in names)

"""tinyproxy's configuration: it refuses everything but the given hosts."""

import re
from pathlib import Path

from localcluster.egress.registries import WayOut

_CONFIGURATION, _FILTER = "tinyproxy.conf", "tinyproxy.hosts"


def proxy_files(home: Path, port: int, way_out: WayOut) -> dict[str, str]:
    """Contents of the files of `home` that `proxy_command` reads; the proxy listens on 127.0.0.1:`port`."""
    return {_CONFIGURATION: configuration(home, port, way_out), _FILTER: filter_lines(way_out.hosts)}


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
        *(f"ConnectPort {number}" for number in way_out.ports),
    ]
    if upstream := way_out.upstream:
        login = f"{upstream.login}@" if upstream.login else ""
        lines.append(f"Upstream {upstream.kind} {login}{upstream.host}:{upstream.port}")
        lines += [f'Upstream none "{target}"' for target in upstream.direct]  # the last match wins
    return "".join(f"{line}\n" for line in lines)


def filter_lines(hosts: tuple[str, ...]) -> str:
    """One extended regular expression a host; tinyproxy looks for it anywhere in the name, so anchor it."""
    return "".join(f"^{re.escape(host)}$\n" for host in hosts)

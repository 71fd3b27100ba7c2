"""The proxy that this machine itself must use to get out, if any."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from localcluster.errors import ClusterError


@dataclass(frozen=True)
class Upstream:
    """`login` is user:password or empty; `direct` are hosts and domains that need no proxy."""

    kind: str
    host: str
    port: int
    login: str = ""
    direct: tuple[str, ...] = ()


def from_environment(environment: Mapping[str, str]) -> Upstream | None:
    """HTTPS_PROXY, else HTTP_PROXY or ALL_PROXY, and NO_PROXY, in either case. Raises ClusterError."""
    for name in ("https_proxy", "http_proxy", "all_proxy"):
        address = environment.get(name) or environment.get(name.upper())
        if address:
            break
    else:
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    kinds = {"http": "http", "socks4": "socks4", "socks5": "socks5", "socks5h": "socks5"}
    if parts.scheme not in kinds or not parts.hostname:
        raise ClusterError(
            f"{name}={address!r}: builds reach package registries through a proxy of this kind only as "
            "http://HOST:PORT or socks5://HOST:PORT. Set one of these, or unset it."
        )
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    default = 80 if parts.scheme == "http" else 1080
    no_proxy = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    direct = tuple(entry.strip() for entry in no_proxy.split(",") if entry.strip() not in ("", "*"))
    return Upstream(kinds[parts.scheme], parts.hostname, parts.port or default, login, direct)

"""The places this person is logged in to, and the keys for them."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from madang.files import read_json, write_json


@dataclass(frozen=True)
class Host:
    """One Madang. keys: by what they open, `<club>` or `<club>/<project>`."""

    url: str
    git_url: str
    keys: dict[str, str] = field(default_factory=dict)

    def key_for(self, club: str | None, project: str | None = None) -> str | None:
        """The key that opens a project, its own before its club's; else the only one that fits."""
        if club is not None and project is not None:
            return self.keys.get(f"{club}/{project}") or self.keys.get(club)
        if club is not None and club in self.keys:
            return self.keys[club]
        fitting = [key for opens, key in self.keys.items() if club in (None, opens.split("/")[0])]
        return fitting[0] if len(fitting) == 1 else None

    @property
    def clubs(self) -> list[str]:
        return sorted({opens.split("/")[0] for opens in self.keys})


@dataclass(frozen=True)
class Hosts:
    """What `madang login` keeps. current: url of the host that was logged in to last."""

    by_url: dict[str, Host] = field(default_factory=dict)
    current: str | None = None

    def with_key(self, *, url: str, git_url: str, opens: str, key: str) -> "Hosts":
        known = self.by_url.get(url)
        keys = {**(known.keys if known else {}), opens: key}
        return Hosts({**self.by_url, url: Host(url, git_url, keys)}, current=url)

    def without_key(self, url: str, key: str) -> "Hosts":
        host = self.by_url.get(url)
        if host is None:
            return self
        keys = {opens: kept for opens, kept in host.keys.items() if kept != key}
        if not keys:
            return self.without_host(url)
        return replace(self, by_url={**self.by_url, url: replace(host, keys=keys)})

    def without_host(self, url: str) -> "Hosts":
        left = {name: host for name, host in self.by_url.items() if name != url}
        current = self.current if self.current in left else next(iter(left), None)
        return Hosts(left, current)

    def with_git_url(self, git_url: str) -> Host | None:
        return next((host for host in self.by_url.values() if host.git_url == git_url), None)


def hosts_path() -> Path:
    return user_config_path("madang") / "hosts.json"


def load_hosts() -> Hosts:
    content = read_json(hosts_path())
    entries = content.get("hosts", {})
    return Hosts({url: _host(url, entry) for url, entry in entries.items()}, content.get("current"))


def save_hosts(hosts: Hosts) -> None:
    entries = {url: {"git_url": host.git_url, "keys": host.keys} for url, host in hosts.by_url.items()}
    write_json(hosts_path(), {"current": hosts.current, "hosts": entries})


def _host(url: str, entry: dict[str, Any]) -> Host:
    return Host(url=url, git_url=str(entry["git_url"]), keys=dict(entry.get("keys", {})))

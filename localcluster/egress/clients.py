"""What the machine's package clients are set to, asked of the clients themselves."""

import json
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from xml.etree import ElementTree

from localcluster.errors import ClusterError
from localcluster.images.npm import npm_command
from localcluster.images.store import run
from localcluster.programs import toolchain
from localcluster.report import Report

_MAVEN_HOMES = (Path("/usr/share/maven"), Path(os.environ.get("MAVEN_HOME", "/nonexistent")))
_SUPER_POM = "org/apache/maven/model/pom-4.0.0.xml"


@dataclass(frozen=True)
class Client:
    """`addresses` are its registries; `settings` the variables that a build needs to use the same."""

    addresses: list[str]
    settings: Mapping[str, str] = field(default_factory=dict)


def pip() -> Client:
    """Its configured indexes, else the one and the file host that pip has built in."""
    listing = run([*toolchain.pip(), "config", "list"], "read pip's settings")
    index, more = pip_indexes(listing, os.environ)
    if not index and not more:
        return Client(_pip_defaults())
    settings = {"PIP_INDEX_URL": index[-1:], "UV_DEFAULT_INDEX": index[-1:], "PIP_EXTRA_INDEX_URL": more}
    told = {name: " ".join(without_login(url) for url in urls) for name, urls in settings.items() if urls}
    return Client([*(index or _pip_defaults()), *more], told)


def pip_indexes(listing: str, environment: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(index, extra indexes) of `pip config list` and uv's variables."""
    found: dict[str, list[str]] = {"index-url": [], "extra-index-url": []}
    for name, value in re.findall(r"^\S*?\.((?:extra-)?index-url)='(.*)'$", listing, re.MULTILINE):
        found[name] += value.replace("\\n", " ").split()
    for variable in ("UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        found["index-url"] += environment.get(variable, "").split()
    return found["index-url"], found["extra-index-url"]


def _pip_defaults() -> list[str]:
    """pip's constants: its index, and the host that the index's files lie on."""
    python = toolchain.pip()[0]
    script = "from pip._internal.models.index import PyPI as i; print(i.simple_url, i.file_storage_domain)"
    index, files = run([python, "-c", script], "read pip's built-in index").split()
    return [index, f"https://{files}"]


def npm(cache: Path, report: Report) -> Client:
    """Its registry, and those of scopes (@club:registry)."""
    command, environment = npm_command(cache, report)
    listing = run([*command, "config", "list", "--long"], "read npm's settings", env=environment, cwd="/")
    default, registries = npm_registries(listing)
    main = registries.get("registry", default)
    # corepack asks other hosts for yarn 2 and newer, unless it is told that npm's registry has them too.
    told = {"COREPACK_NPM_REGISTRY": without_login(main).rstrip("/")}
    if main.rstrip("/") != default.rstrip("/"):
        told |= dict.fromkeys(("NPM_CONFIG_REGISTRY", "YARN_NPM_REGISTRY_SERVER"), without_login(main))
    return Client(sorted(registries.values()), told)


def npm_registries(listing: str) -> tuple[str, dict[str, str]]:
    """(built-in registry, registries in effect by setting) of `npm config list --long`."""
    section, default = "", ""
    effective: dict[str, str] = {}
    for line in listing.splitlines():
        if header := re.match(r'; "(\w+)" config from ', line):
            section = header[1]
        elif entry := re.match(r'(; )?(\S*\bregistry) = "?(https?://[^"\s]+)"?', line):
            overridden, name, address = entry.groups()
            if section == "default" and name == "registry":
                default = address
            if not overridden:
                effective[name] = address
    return default, effective


def go(cache: Path, report: Report) -> Client:
    """Its module proxies and checksum database."""
    compiler = toolchain.find(cache, report)
    command: list[str | Path] = [compiler.go, "env", "-json"]
    current = json.loads(run([*command, "GOPROXY", "GOSUMDB"], "read Go's settings", cwd="/"))
    changed = json.loads(run([*command, "-changed"], "read Go's settings", cwd="/"))
    told = {name: changed[name] for name in ("GOPROXY", "GOSUMDB") if name in changed}
    return Client(go_addresses(current["GOPROXY"], current["GOSUMDB"]), told)


def go_addresses(proxies: str, checksums: str) -> list[str]:
    """Web addresses in GOPROXY ("a,b|direct") and GOSUMDB ("host", "host+key url", "off")."""
    found = [part for part in re.split(r"[,|]", proxies) if part.startswith(("https://", "http://"))]
    name, _, address = checksums.partition(" ")
    if name and name != "off":
        found.append(address or f"https://{name.partition('+')[0]}")
    return found


def maven() -> list[str]:
    """Repositories and mirrors of settings.xml, and the one that every project inherits (the super POM)."""
    found: list[str] = []
    for home in _MAVEN_HOMES:
        for jar in sorted(home.glob("lib/maven-model-builder*.jar")):
            with zipfile.ZipFile(jar) as archive:
                found += addresses_in(archive.read(_SUPER_POM))
    if not found:
        raise ClusterError("Maven is missing, so its repository is not known: apt-get install maven.")
    for settings in (
        Path.home() / ".m2/settings.xml",
        *(home / "conf/settings.xml" for home in _MAVEN_HOMES),
    ):
        if settings.exists():
            found += addresses_in(settings.read_bytes())
    return sorted(set(found))


def addresses_in(document: bytes) -> list[str]:
    """Every <url> in it that is a web address, but those of mirrors that only block. The files are the
    machine's own."""
    tree = ElementTree.fromstring(document)  # noqa: S314
    found: list[str] = []
    for parent in tree.iter():
        texts = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in parent}
        if texts.get("blocked") != "true" and texts.get("url", "").startswith(("https://", "http://")):
            found.append(texts["url"])
    return found


def without_login(address: str) -> str:
    """A student's build must not learn the operator's password for an index."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

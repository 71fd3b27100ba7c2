"""What every build is given to reach package registries: the files of the Secret `build-settings`."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from localcluster.egress.certificates import bundle, trust_store, trusted
from localcluster.egress.registries import way_out
from localcluster.images.debian import FILES
from localcluster.instance import CONTROL_ADDRESS, EGRESS_PORT, MIRROR_PORT, Instance
from localcluster.report import Report

MIRROR = f"{CONTROL_ADDRESS}:{MIRROR_PORT}"
PROXY = f"{CONTROL_ADDRESS}:{EGRESS_PORT}"
PUSH_REGISTRY = "registry.madang.svc.cluster.local:5000"

# Each RUN sees the Secret's certificates here (the builder's build-runtime).
_SEEN_AT = "/dev/build"
_TRUST_VARIABLES = (
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)


def build_settings(
    instance: Instance | None = None,
    report: Report = lambda _: None,
    *,
    mirror: str = MIRROR,
    push_registry: str = PUSH_REGISTRY,
    proxy: str = PROXY,
) -> dict[str, bytes]:
    """Contents of the Secret by key: buildkitd.toml, env, ca.crt, ca.jks.

    Addresses are host:port as a build's pod sees them. The package clients' settings are this machine's.
    Raises ClusterError.
    """
    cache = (instance or Instance.from_environment()).cache
    certificates = trusted()
    return {
        "buildkitd.toml": buildkit_configuration(mirror, push_registry).encode(),
        "env": environment_file(proxy, way_out(cache, report).settings).encode(),
        "ca.crt": bundle(certificates),
        "ca.jks": _remembered_trust_store(cache, certificates),
    }


def _remembered_trust_store(cache: Path, certificates: list[bytes]) -> bytes:
    """PKCS#12 has random salts: without this the Secret would change with each `up`."""
    name = hashlib.sha256(bundle(certificates)).hexdigest()[:16]
    file = cache / f"trust-{name}.p12"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}.new")
        fresh.write_bytes(trust_store(certificates))
        fresh.replace(file)
    return file.read_bytes()


def buildkit_configuration(mirror: str, push_registry: str) -> str:
    """BuildKit's daemon: docker.io is the mirror, and both registries speak plain HTTP."""
    template = (FILES / "builder/buildkitd.toml").read_text()
    plain = "".join(f'[registry."{address}"]\n  http = true\n' for address in (mirror, push_registry))
    return f'{template}[registry."docker.io"]\n  mirrors = ["{mirror}"]\n{plain}'


def environment_file(proxy: str, clients: Mapping[str, str]) -> str:
    """Variables of every RUN, lines NAME=value. apt, and curl for http, know only the lower-case names."""
    host, _, port = proxy.rpartition(":")
    direct = f"{host},.svc,.cluster.local,localhost,127.0.0.1"
    variables: dict[str, str] = {}
    for name, value in (
        ("http_proxy", f"http://{proxy}"),
        ("https_proxy", f"http://{proxy}"),
        ("no_proxy", direct),
    ):
        variables |= {name: value, name.upper(): value}
    variables |= dict.fromkeys(_TRUST_VARIABLES, f"{_SEEN_AT}/ca.crt")
    java = [f"-Djavax.net.ssl.trustStore={_SEEN_AT}/ca.jks"]  # a JVM reads none of the variables above
    for scheme in ("http", "https"):
        java += [f"-D{scheme}.proxyHost={host}", f"-D{scheme}.proxyPort={port}"]
    variables["JAVA_TOOL_OPTIONS"] = " ".join(java)
    variables |= clients
    return "".join(f"{name}={value}\n" for name, value in variables.items())

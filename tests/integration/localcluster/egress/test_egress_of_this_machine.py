"""Asks this machine's real package clients."""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from localcluster.egress import build_settings, way_out
from localcluster.images.npm import npm_command
from localcluster.instance import Instance


def test_the_hosts_of_every_client_are_found() -> None:
    cache = Instance.from_environment().cache
    found = way_out(cache, print)
    npm, environment = npm_command(cache, print)
    command = [*npm, "config", "get", "registry"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", env=environment)
    registry = answer.stdout.strip()
    assert urlsplit(registry).hostname in found.hosts
    # pip's index and files, npm, yarn, Go's proxy and checksums, Maven, Debian
    assert len(found.hosts) >= 6
    assert not [host for host in found.hosts if host.startswith(("0.", "127."))]


def test_java_reads_the_trust_store(tmp_path: Path) -> None:
    store = tmp_path / "ca.jks"
    settings = build_settings(Instance.from_environment())
    store.write_bytes(settings["ca.jks"])
    listing = subprocess.run(
        ["keytool", "-list", "-keystore", store], input="\n", capture_output=True, text=True
    )  # no password, as a JVM reads its trust store
    assert listing.returncode == 0, listing.stdout
    assert listing.stdout.count("trustedCertEntry") >= settings["ca.crt"].count(b"BEGIN CERTIFICATE") * 0.9


def test_the_secret_fits_into_kubernetes_and_stays_the_same() -> None:
    once, again = build_settings(), build_settings()
    assert once == again
    assert sum(len(content) for content in once.values()) < 1 << 20

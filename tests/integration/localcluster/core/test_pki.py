"""Certificates that last: made once, and again only where they are missing or not ours."""

from pathlib import Path

import pytest
import yaml
from cryptography import x509

from localcluster import pki
from localcluster.instance import Instance


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.setenv("MADANG_STATE", str(tmp_path))
    made = Instance.from_environment()
    pki.ensure(made)
    return made


def contents(instance: Instance) -> dict[str, bytes]:
    return {str(f): f.read_bytes() for f in sorted(instance.pki.rglob("*")) if f.is_file()}


def test_again_changes_nothing(instance: Instance) -> None:
    before = contents(instance)
    pki.ensure(instance)
    assert contents(instance) == before


def test_a_pair_that_was_half_written_is_made_again(instance: Instance) -> None:
    (instance.pki / "apiserver.crt").unlink()
    key = (instance.pki / "apiserver.key").read_bytes()
    pki.ensure(instance)
    assert (instance.pki / "apiserver.key").read_bytes() != key


def test_a_new_authority_issues_everything_anew(instance: Instance) -> None:
    before = (instance.pki / "admin.crt").read_bytes()
    (instance.pki / "ca.crt").unlink()
    pki.ensure(instance)
    assert (instance.pki / "admin.crt").read_bytes() != before


def test_the_api_server_is_known_by_all_its_addresses(instance: Instance) -> None:
    certificate = x509.load_pem_x509_certificate((instance.pki / "apiserver.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(a) for a in names.get_values_for_type(x509.IPAddress)} == {
        "10.96.0.1",
        "172.30.0.1",
        "127.0.0.1",
    }
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)


def test_a_kubelet_is_its_node_and_no_other(instance: Instance) -> None:
    node = instance.node("spot-1")
    pki.ensure_node(instance, node)
    certificate = x509.load_pem_x509_certificate((instance.pki / "node-spot-1.crt").read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=system:node:spot-1,O=system:nodes"


def test_keys_are_readable_by_their_owner_only(instance: Instance) -> None:
    assert instance.pki.stat().st_mode & 0o077 == 0
    assert all(f.stat().st_mode & 0o077 == 0 for f in instance.pki.rglob("*.key"))


def test_the_administrators_kubeconfig_goes_through_the_hosts_loopback(instance: Instance) -> None:
    content = yaml.safe_load(instance.kubeconfig.read_text())
    assert content["clusters"][0]["cluster"]["server"] == instance.api_url
    assert Path(content["users"][0]["user"]["client-key"]).exists()

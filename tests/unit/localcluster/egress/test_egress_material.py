import datetime
import tomllib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from localcluster.egress.certificates import bundle, trust_store, trusted
from localcluster.egress.material import buildkit_configuration, environment_file
from localcluster.errors import ClusterError


def authority(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_buildkit_takes_docker_hubs_names_from_the_mirror() -> None:
    told = tomllib.loads(buildkit_configuration("172.30.0.1:5000", "registry.example:5000"))
    assert told["registry"]["docker.io"]["mirrors"] == ["172.30.0.1:5000"]
    assert told["registry"]["172.30.0.1:5000"]["http"] is True
    assert told["registry"]["registry.example:5000"]["http"] is True
    assert told["worker"]["oci"]["binary"] == "build-runtime"


def test_every_client_is_told_of_the_proxy_in_its_own_words() -> None:
    lines = environment_file("172.30.0.1:3128", {"GOPROXY": "https://go.example"}).splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        assert variables[name] == "http://172.30.0.1:3128"
    assert "172.30.0.1" in variables["no_proxy"].split(",")
    assert "-Dhttps.proxyHost=172.30.0.1" in variables["JAVA_TOOL_OPTIONS"]
    assert variables["PIP_CERT"] == variables["NODE_EXTRA_CA_CERTS"] == "/dev/build/ca.crt"
    assert variables["GOPROXY"] == "https://go.example"


def test_an_unconfigured_machine_sets_no_index() -> None:
    assert "PIP_INDEX_URL" not in environment_file("172.30.0.1:3128", {})


def test_authorities_of_several_files_are_each_named_once(tmp_path: Path) -> None:
    one, two = authority("one"), authority("two")
    (tmp_path / "system.crt").write_bytes(one)
    (tmp_path / "extra.crt").write_bytes(one + two)
    found = trusted({"NODE_EXTRA_CA_CERTS": str(tmp_path / "extra.crt")}, tmp_path / "system.crt")
    text = bundle(found)
    assert text.count(one.strip()) == 1
    assert text.count(two.strip()) == 1


def test_a_machine_without_authorities_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: type("Paths", (), {"cafile": None}))
    with pytest.raises(ClusterError, match="apt-get install ca-certificates"):
        trusted({}, tmp_path / "missing.crt")


def test_java_gets_every_authority_it_can_read() -> None:
    damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
    assert len(trust_store([authority("one"), damaged])) > 300

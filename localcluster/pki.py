"""Certificates, tokens and kubeconfigs of one instance: made once, kept, made again where missing."""

import base64
import datetime
import ipaddress
import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from localcluster.instance import API_PORT, CLUSTER_DOMAIN, CONTROL_ADDRESS, SERVICE_NETWORK, Instance, Node

LIFETIME = datetime.timedelta(days=3650)
CLOCKS_DIFFER = datetime.timedelta(hours=1)
POLICY_AGENT_USER = "system:kube-network-policies"


class Authority:
    """A certificate authority in a folder. EC P-256 keys take a millisecond where RSA takes a second."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if not _pair_is_there(folder, "ca"):
            key = ec.generate_private_key(ec.SECP256R1())
            identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            certificate = (
                _builder(_subject(name), _subject(name), key)
                .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                .add_extension(_usage(signs_certificates=True), critical=True)
                .add_extension(identifier, critical=False)
                .sign(key, hashes.SHA256())
            )
            _write_pair(folder, "ca", key, certificate)
        self._key = _read_key(folder / "ca.key")
        self._certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())

    def issue(
        self,
        stem: str,
        name: str,
        groups: Iterable[str] = (),
        names: Iterable[str] = (),
        addresses: Iterable[str] = (),
    ) -> None:
        """Make STEM.key and STEM.crt for the user (CN) and groups (O), unless they are there and ours."""
        if _pair_is_there(self.folder, stem) and self._has_signed(stem):
            return
        key = ec.generate_private_key(ec.SECP256R1())
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(_subject(name, groups), self._certificate.subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(use, critical=False)
            .add_extension(authority, critical=False)
        )
        alternatives: list[x509.GeneralName] = [x509.DNSName(n) for n in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        _write_pair(self.folder, stem, key, builder.sign(self._key, hashes.SHA256()))

    def _has_signed(self, stem: str) -> bool:
        certificate = x509.load_pem_x509_certificate((self.folder / f"{stem}.crt").read_bytes())
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except Exception:  # the library raises several kinds; each means "not ours"
            return False
        return True


def ensure(instance: Instance) -> None:
    """Everything that the control plane, the nodes and the administrator need."""
    ca = Authority(instance.pki, f"{instance.name} cluster")
    service_names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    service_names += [f"kubernetes.default.svc.{CLUSTER_DOMAIN}", "localhost"]
    addresses = [str(SERVICE_NETWORK[1]), str(CONTROL_ADDRESS), "127.0.0.1"]
    ca.issue("apiserver", "kube-apiserver", names=service_names, addresses=addresses)
    ca.issue("apiserver-kubelet", "kube-apiserver-kubelet-client", ["system:masters"])
    metrics_names = ["metrics-server.kube-system.svc"]
    ca.issue("metrics-server", "system:metrics-server", names=metrics_names)
    ca.issue("admin", "admin", ["system:masters"])
    for stem, user in (
        ("controllers", "system:kube-controller-manager"),
        ("scheduler", "system:kube-scheduler"),
        ("proxy", "system:kube-proxy"),
        ("coredns", "system:coredns"),
    ):
        ca.issue(stem, user)
        write_kubeconfig(instance, inside_kubeconfig(instance, stem), stem, inside_url())
    write_kubeconfig(instance, inside_kubeconfig(instance, "metrics-server"), "metrics-server", inside_url())
    write_kubeconfig(instance, instance.kubeconfig, "admin", instance.api_url)
    front = Authority(instance.pki / "front", f"{instance.name} aggregation")
    front.issue("client", "front-proxy-client")
    _ensure_service_account_key(instance.pki)
    _ensure_policy_agent_token(instance)


def ensure_node(instance: Instance, node: Node) -> None:
    """The kubelet's certificate, for serving and for asking, and its kubeconfig."""
    stem = f"node-{node.name}"
    user = f"system:node:{node.name}"
    ca = Authority(instance.pki, f"{instance.name} cluster")
    ca.issue(stem, user, ["system:nodes"], [node.name], [str(node.address)])
    write_kubeconfig(instance, inside_kubeconfig(instance, stem), stem, inside_url())


def authority(instance: Instance) -> str:
    """The cluster's authority, as Kubernetes' objects and kubeconfigs carry it (PEM in base64)."""
    return base64.b64encode((instance.pki / "ca.crt").read_bytes()).decode()


def inside_url() -> str:
    return f"https://{CONTROL_ADDRESS}:{API_PORT}"


def inside_kubeconfig(instance: Instance, stem: str) -> Path:
    """The kubeconfig of a program inside the cluster's network."""
    return instance.pki / f"{stem}.kubeconfig"


def policy_agent_account(instance: Instance) -> Path:
    """A folder like that of a mounted service account: the policy agent knows no other configuration."""
    return instance.pki / "policy-agent"


def static_tokens(instance: Instance) -> Path:
    return instance.pki / "tokens.csv"


def write_kubeconfig(instance: Instance, path: Path, stem: str, server: str) -> None:
    """A kubeconfig that names its certificate and key by absolute path; the authority is contained."""
    name = instance.name
    user = {
        "client-certificate": str(instance.pki / f"{stem}.crt"),
        "client-key": str(instance.pki / f"{stem}.key"),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": authority(instance)}}
        ],
        "users": [{"name": stem, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": stem}}],
    }
    _write(path, json.dumps(content, indent=1).encode())  # JSON is YAML


def _ensure_service_account_key(folder: Path) -> None:
    if not (folder / "sa.key").exists():
        _write(folder / "sa.key", _pem(ec.generate_private_key(ec.SECP256R1())))
    public = _read_key(folder / "sa.key").public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    _write(folder / "sa.pub", public.public_bytes(serialization.Encoding.PEM, form))


def _ensure_policy_agent_token(instance: Instance) -> None:
    folder = policy_agent_account(instance)
    folder.mkdir(exist_ok=True)
    if not (folder / "token").exists():
        _write(folder / "token", secrets.token_urlsafe(32).encode())
    _write(folder / "ca.crt", (instance.pki / "ca.crt").read_bytes())
    _write(folder / "namespace", b"kube-system")
    token = (folder / "token").read_text()
    _write(static_tokens(instance), f"{token},{POLICY_AGENT_USER},kube-network-policies\n".encode())


def _builder(who: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + LIFETIME)
    )


def _subject(name: str, groups: Iterable[str] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, g) for g in groups]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    encryption = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), path  # noqa: S101 - we wrote it
    return key


def _pair_is_there(folder: Path, stem: str) -> bool:
    """The certificate is written last, so a half-written pair is not there."""
    return (folder / f"{stem}.key").exists() and (folder / f"{stem}.crt").exists()


def _write_pair(
    folder: Path, stem: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> None:
    (folder / f"{stem}.crt").unlink(missing_ok=True)
    _write(folder / f"{stem}.key", _pem(key))
    _write(folder / f"{stem}.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _write(path: Path, content: bytes) -> None:
    """Readable by the owner only, and never half there."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.rename(path)

"""A certificate authority in a folder: what it has signed stays until it is missing or another's."""

import datetime
import ipaddress
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=3650)
CLOCKS_DIFFER = datetime.timedelta(hours=1)


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


def ensure_key(private: Path, public: Path) -> None:
    """A key that stands alone, without a certificate, and its public half (PEM)."""
    if not private.exists():
        write_whole(private, _pem(ec.generate_private_key(ec.SECP256R1())))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    write_whole(public, _read_key(private).public_key().public_bytes(serialization.Encoding.PEM, form))


def write_whole(path: Path, content: bytes) -> None:
    """Readable by the owner only, and never half there."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.rename(path)


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
    write_whole(folder / f"{stem}.key", _pem(key))
    write_whole(folder / f"{stem}.crt", certificate.public_bytes(serialization.Encoding.PEM))

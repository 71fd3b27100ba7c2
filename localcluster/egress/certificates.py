"""The certificate authorities that this machine trusts, as the clients inside a build read them."""

import os
import re
import ssl
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.utils import CryptographyDeprecationWarning

from localcluster.errors import ClusterError

# Where operators of networks with an authority of their own name it.
_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "PIP_CERT")
_SYSTEM = Path("/etc/ssl/certs/ca-certificates.crt")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def trusted(environment: Mapping[str, str] = os.environ, system: Path = _SYSTEM) -> list[bytes]:
    """Every certificate (PEM) of the system's bundle and of the files that the variables name, each once.

    Raises ClusterError if there is none at all.
    """
    default = ssl.get_default_verify_paths().cafile
    named = [environment[name] for name in _VARIABLES if environment.get(name)]
    files = dict.fromkeys([system, *([Path(default)] if default else []), *map(Path, named)])
    blocks = (block for file in files if file.is_file() for block in _PEM.findall(file.read_bytes()))
    found = list(dict.fromkeys(block.replace(b"\r\n", b"\n") for block in blocks))
    if not found:
        raise ClusterError(f"There are no CA certificates in {system}: apt-get install ca-certificates.")
    return found


def bundle(certificates: Iterable[bytes]) -> bytes:
    """What everything but Java reads."""
    return b"".join(certificate + b"\n" for certificate in certificates)


def trust_store(certificates: Iterable[bytes]) -> bytes:
    """What Java reads: PKCS#12 without encryption, since no password is given for a trust store by default.

    Seen to work with Java 17 and 25, which tell PKCS#12 from JKS by themselves.
    """
    entries = [
        pkcs12.PKCS12Certificate(certificate, f"authority-{number}".encode())
        for number, certificate in enumerate(_parsed(certificates))
    ]
    return pkcs12.serialize_java_truststore(entries, NoEncryption())


def _parsed(certificates: Iterable[bytes]) -> Iterator[x509.Certificate]:
    for certificate in certificates:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", CryptographyDeprecationWarning
            )  # serial numbers of old authorities
            try:
                yield x509.load_pem_x509_certificate(certificate)
            except ValueError:  # one that Java would not take either
                continue

"""What goes to addresses that others chose reaches nobody inside, whatever names say and servers do."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from portal.notifications import outward
from portal.notifications.outward import Forbidden, Response, Unreachable

from tests.integration.portal.listener import Listener, listening

NAMED = ("127.0.0.2/32",)
"""As if an operator had named it: the only address here that may be reached."""


def post(url: str, body: bytes, headers: dict[str, str], **given: Any) -> Response:
    """With time enough, unless a test gives less."""
    return outward.post(url, body, headers, **{"seconds": 240.0, **given})


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running


class Names:
    """A DNS that says something else each time that it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_the_connection_goes_to_the_address_that_was_checked_whatever_the_name_says_next(
    listener: Listener,
) -> None:
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    url = f"http://rebinding.example:{listener.port}/hook?x=1"
    assert post(url, b"{}", {"X-A": "b"}, networks=NAMED, resolve=names).status == 200
    assert names.asked == ["rebinding.example"]
    (heard,) = listener.heard
    assert heard.at == "127.0.0.2"
    assert heard.head.startswith("POST /hook?x=1 HTTP/1.1")
    assert heard.header("host") == f"rebinding.example:{listener.port}"
    assert (heard.header("x-a"), heard.body) == ("b", b"{}")


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["169.254.169.254"], []],
)
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    listener: Listener, addresses: list[str]
) -> None:
    with pytest.raises(Forbidden):
        post(f"http://x.example:{listener.port}/", b"", {}, networks=NAMED, resolve=Names(addresses))
    assert listener.heard == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f.1"])  # noqa: S104
def test_no_spelling_of_loopback_is_reached(listener: Listener, host: str) -> None:
    with pytest.raises((Forbidden, Unreachable)):
        post(f"http://{host}:{listener.port}/", b"", {})
    assert listener.heard == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(listener: Listener, status: int) -> None:
    listener.status = status
    listener.headers = f"Location: http://127.0.0.2:{listener.port}/inside\r\n"
    url = f"http://x.example:{listener.port}/"
    assert post(url, b"", {}, networks=NAMED, resolve=Names(["127.0.0.2"])).status == status
    assert len(listener.heard) == 1


def test_a_server_that_trickles_holds_nobody_up(listener: Listener) -> None:
    listener.trickle = True
    with pytest.raises(Unreachable, match=r"within 0\.5 s"):
        post(
            f"http://x.example:{listener.port}/",
            b"",
            {},
            networks=NAMED,
            resolve=Names(["127.0.0.2"]),
            seconds=0.5,
        )


def test_of_a_long_answer_the_beginning_is_read(listener: Listener) -> None:
    listener.text = b"x" * 50_000_000
    answer = post(f"http://x.example:{listener.port}/", b"", {}, networks=NAMED, resolve=Names(["127.0.0.2"]))
    assert answer.text == "x" * 4096


def test_what_the_other_side_asks_to_wait_is_kept_within_an_hour(listener: Listener) -> None:
    listener.status, listener.headers = 429, "Retry-After: 86400\r\n"
    names = Names(["127.0.0.2"])
    answer = post(f"http://x.example:{listener.port}/", b"", {}, networks=NAMED, resolve=names)
    assert (answer.status, answer.retry_after) == (429, 3600)


def test_nobody_there_and_no_such_name_are_told_apart_from_what_is_forbidden() -> None:
    with pytest.raises(Unreachable):
        post("http://x.example:1/", b"", {}, networks=NAMED, resolve=Names(["127.0.0.2"]))

    def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(Unreachable, match=r"x\.example is not known"):
        post("http://x.example/", b"", {}, resolve=unknown)


@pytest.mark.parametrize(("name", "fits"), [("hooks.example", True), ("other.example", False)])
def test_tls_is_checked_against_the_name_and_not_the_address(tmp_path: Path, name: str, fits: bool) -> None:
    server, trust = certificate(tmp_path, "hooks.example")
    with listening(server) as listener:
        url = f"https://{name}:{listener.port}/"
        if fits:
            names = Names(["127.0.0.2"])
            assert post(url, b"", {}, networks=NAMED, resolve=names, tls=trust).status == 200
        else:
            with pytest.raises(Unreachable, match="certificate"):
                post(url, b"", {}, networks=NAMED, resolve=Names(["127.0.0.2"]), tls=trust)
            assert listener.heard == []


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of this name, and one that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management.base import BaseCommand, CommandParser

from portal.registry.signing import public_jwk


class Command(BaseCommand):
    help = (
        "Print new secrets of a whole platform, as a Kubernetes Secret (kubectl apply -f -). Keep them: "
        "without MADANG_ENCRYPTION_KEYS the projects' config is lost, without MADANG_KEY_PEPPER every "
        "access key. It needs no database and changes nothing."
    )
    # Nothing of the platform needs to be there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="madang-secrets", help="the Secret's name")
        parser.add_argument("--namespace", help="its namespace; else kubectl's")
        parser.add_argument(
            "--env", action="store_true", help="print lines for an .env file instead of a Kubernetes Secret"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        made = make()
        if options["env"]:
            for name, value in made.items():
                if not name.endswith(".json"):
                    self.stdout.write(f"{name}={_quoted(value)}")
            return
        metadata = {"name": options["name"]}
        if options["namespace"]:
            metadata["namespace"] = options["namespace"]
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": metadata,
            "data": {name: base64.b64encode(value.encode()).decode() for name, value in made.items()},
        }
        self.stdout.write(json.dumps(secret, indent=2))


def make() -> dict[str, str]:
    """New secrets by their names; passwords are safe inside a URL."""
    signing = generate_private_key(SECP256R1())
    pem = signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "MADANG_SECRET_KEY": secrets.token_urlsafe(48),
        "MADANG_KEY_PEPPER": secrets.token_urlsafe(48),
        "MADANG_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "MADANG_REGISTRY_SIGNING_KEY": pem,
        "registry-jwks.json": json.dumps({"keys": [public_jwk(signing)]}),
        "MADANG_SPOT_REPORT_KEY": secrets.token_urlsafe(48),
        "MADANG_DRILL_TOKEN": secrets.token_urlsafe(48),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
    }


def _quoted(value: str) -> str:
    return '"' + value.strip().replace("\n", "\\n") + '"' if "\n" in value else value

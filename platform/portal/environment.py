"""Every setting an operator may give, typed; read from environment variables."""

from __future__ import annotations

import re
from email.utils import parseaddr
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from portal.mail.server import MailServer, mail_server

REQUIRED_SECRETS = ("secret_key", "key_pepper", "encryption_keys")


class Environment(BaseSettings):
    """MADANG_… variables (and DATABASE_URL, REDIS_URL); units stand in the names.

    The secrets have no default on purpose; `require_secrets` says how to make them.
    """

    model_config = SettingsConfigDict(env_prefix="MADANG_", extra="ignore", frozen=True)

    database_url: str = Field(default="postgresql:///madang", validation_alias="DATABASE_URL")
    redis_url: str = Field(default="redis://127.0.0.1:6379/0", validation_alias="REDIS_URL")

    secret_key: SecretStr = SecretStr("")
    key_pepper: SecretStr = SecretStr("")
    encryption_keys: SecretStr = SecretStr("")
    registry_signing_key: SecretStr = SecretStr("")
    spot_report_key: SecretStr = SecretStr("")

    domain: str = "madang.localhost"
    public_url: str = "http://madang.localhost:8000"
    git_url: str = "http://git.madang.localhost:8000"
    app_url: str = "http://{subdomain}.madang.localhost:8000"
    # Further names that the pages answer to, besides those of the domain and the public address; with commas.
    page_hosts: str = ""

    # smtp://user:password@host:587/?tls=starttls (or implicit, none); empty: mails are caught, for operators.
    email_url: SecretStr = SecretStr("")
    # Empty: madang@ the domain.
    email_from: str = ""

    # A service that says who people are (OpenID Connect): its issuer's address; empty: none. An account still
    # comes by invitation, and is found by the verified e-mail address.
    oidc_issuer: str = ""
    oidc_name: str = "OpenID Connect"
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_scopes: str = "openid profile email"

    registry_push_host: str = "registry.madang.svc.cluster.local:5000"
    registry_pull_host: str = "registry.local"
    # Where the platform itself reaches the registry; empty: by plain HTTP where builds push.
    registry_url: str = ""
    registry_service: str = "madang-registry"
    # The registry's StatefulSet (namespace/name), which collects its garbage so often, while no build starts
    # for so long. Empty or 0: it is not ours to restart.
    registry_workload: str = ""
    registry_collect_seconds: int = Field(default=7 * 86400, ge=0)
    registry_quiet_seconds: int = Field(default=300, ge=120)
    registry_token_seconds: int = Field(default=900, ge=60)

    repositories: Path = Path("/repos")
    # What all repositories of one club together may take on the git server's disk.
    git_club_limit_bytes: int = Field(default=2 << 30, ge=1 << 20)
    sources_url: str = "http://git.madang.svc.cluster.local"

    builder_image: str = "docker.io/madang/builder:latest"
    builds_namespace: str = "madang-builds"
    # Names that a Dockerfile may start from, with commas, where nothing else can be pulled; empty: any.
    base_images: str = ""
    build_concurrency: int = Field(default=2, ge=1)
    build_deadline_seconds: int = Field(default=900, ge=60)
    build_memory_bytes: int = Field(default=2 << 30, ge=256 << 20)
    # So many rollouts of one club are worked on at one time; each takes one of the workers' threads.
    club_rollouts: int = Field(default=4, ge=1)
    # For so long another club may not take the subdomain that a project gave up.
    subdomain_days: int = Field(default=90, ge=0)

    ingress_class: str = "madang"
    ingress_namespace: str = "madang-ingress"
    ingress_probe_url: str = "http://traefik.madang-ingress.svc.cluster.local"
    app_capacity: Literal["spot", "on-demand", "any"] = "spot"
    app_world: bool = False
    # Networks of DNS servers that are not pods of kube-system labelled k8s-app=kube-dns, with commas.
    dns_addresses: str = ""

    # The workers' service account (namespace/name), and the ClusterRole that they bind it to in each club's
    # namespace to keep Secrets there; empty: the account may already, as with an administrator's kubeconfig.
    worker_account: str = ""
    secrets_role: str = ""

    # Who takes a node for a drill: nobody, the embedded cluster's stand-in cloud, or AWS's FIS.
    drills: Literal["off", "local", "aws"] = "off"
    drill_url: str = ""
    drill_token: SecretStr = SecretStr("")
    drill_role_arn: str = ""
    drill_region: str = ""

    lease_seconds: int = Field(default=30, ge=3)
    attempts: int = Field(default=5, ge=1)
    sweep_seconds: int = Field(default=10, ge=1)
    retry_seconds: int = Field(default=10, ge=0)
    keep_releases: int = Field(default=10, ge=1)
    interruption_days: int = Field(default=400, ge=1)
    log_days: int = Field(default=90, ge=1)
    # Of a project's image as nodes pull it, which is packed.
    image_limit_bytes: int = Field(default=2 << 30, ge=1 << 20)
    # Of the registry, for the images and build caches of one club together; then nothing is built for it.
    club_images_limit_bytes: int = Field(default=8 << 30, ge=1 << 20)
    log_line_bytes: int = Field(default=4096, ge=256)

    # Networks inside that webhooks may reach as well as the world, with commas (a chat server of the school).
    notification_networks: str = ""

    database_pool_size: int = Field(default=20, ge=2)
    worker_threads: int = Field(default=16, ge=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    debug: bool = False

    @cached_property
    def encryption_key_list(self) -> list[str]:
        """Fernet keys, newest first."""
        return [key.strip() for key in self.encryption_keys.get_secret_value().split(",") if key.strip()]

    @property
    def spot_report_keys(self) -> list[str]:
        """What the spot handler's reports may be signed with, newest first."""
        return [key.strip() for key in self.spot_report_key.get_secret_value().split(",") if key.strip()]

    @property
    def base_image_names(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.base_images.split(",") if name.strip())

    @cached_property
    def page_host_names(self) -> frozenset[str]:
        """Host names, without ports, by which a browser may ask for pages."""
        further = (name.strip().lower() for name in self.page_hosts.split(","))
        return frozenset({self.domain, urlsplit(self.public_url).hostname or "", *further} - {""})

    @cached_property
    def dns_networks(self) -> tuple[str, ...]:
        named = (name.strip() for name in self.dns_addresses.split(","))
        return tuple(str(ip_network(name)) for name in named if name)

    @property
    def notification_network_list(self) -> tuple[str, ...]:
        named = (name.strip() for name in self.notification_networks.split(","))
        return tuple(str(ip_network(name)) for name in named if name)

    @field_validator("dns_addresses", "notification_networks")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for name in filter(None, (name.strip() for name in value.split(","))):
            try:
                ip_network(name)
            except ValueError as error:
                raise ValueError(f"{error}; write networks such as 10.0.0.2/32, apart by commas") from error
        return value

    @field_validator("email_url")
    @classmethod
    def _is_mail_server(cls, value: SecretStr) -> SecretStr:
        mail_server(value.get_secret_value())
        return value

    @field_validator("email_from")
    @classmethod
    def _is_sender(cls, value: str) -> str:
        _, address = parseaddr(value)
        if (value and not re.fullmatch(r"[^@\s]+@[^@\s]+", address)) or "\n" in value:
            raise ValueError("this is no sender; write Madang <madang@example.org>")
        return value

    @property
    def mail_server(self) -> MailServer | None:
        """None: mails are caught."""
        return mail_server(self.email_url.get_secret_value())

    @property
    def email_sender(self) -> str:
        return self.email_from or f"Madang <madang@{self.domain}>"

    @property
    def registry_api_url(self) -> str:
        return self.registry_url or f"http://{self.registry_push_host}"

    def require_secrets(self) -> None:
        """Raises ImproperlyConfigured that names every secret that is missing, and how to make it."""
        missing = [name for name in REQUIRED_SECRETS if not getattr(self, name).get_secret_value()]
        if missing:
            names = ", ".join(f"MADANG_{name.upper()}" for name in missing)
            raise ImproperlyConfigured(
                f"{names} not set. `manage.py make_secrets` makes them; put them into the environment."
            )


def environment() -> Environment:
    """The settings in force (tests may override `settings.MADANG`)."""
    configured: Environment = settings.MADANG
    return configured

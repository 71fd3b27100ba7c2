"""What an operator decides about the handler, read from the environment: `MADANG_SPOT_…`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AliasChoices, Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

NodeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")]


class AgentSettings(BaseSettings):
    """Of the agent on each spot node. `node_name` has no default: it is the pod's own Node."""

    model_config = SettingsConfigDict(env_prefix="MADANG_SPOT_", extra="ignore", frozen=True)

    node_name: NodeName
    metadata_url: Url = "http://169.254.169.254"
    metadata_timeout_seconds: float = Field(default=1.0, gt=0, le=30)
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    rewrite_seconds: float = Field(default=300.0, gt=0)
    """The annotation is written again after this time, in case that somebody took it away."""
    agent_port: int = Field(default=9808, ge=0, le=65535)
    """Of /metrics, /healthz and /readyz; 0 takes a free one."""


class ControllerSettings(BaseSettings):
    """Of the controller. Without `queue_url` and `region` only the agents on the nodes tell it anything."""

    model_config = SettingsConfigDict(env_prefix="MADANG_SPOT_", extra="ignore", frozen=True)

    namespace: str = "madang"
    """Where its Lease and its records are."""
    platform_namespaces: frozenset[str] = frozenset({"madang", "madang-ingress"})
    builds_namespace: str = "madang-builds"
    report_url: Url | None = None
    """The portal's address; without it records stay in the cluster until they are over, and go nowhere."""
    report_key: SecretStr = SecretStr("")
    queue_url: str = ""
    region: str = Field(
        default="", validation_alias=AliasChoices("MADANG_SPOT_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
    )
    aws_endpoint_url: str = ""
    reconcile_seconds: float = Field(default=60.0, ge=1)
    controller_port: int = Field(default=9090, ge=0, le=65535)
    agents: bool = True
    """Whether agents run on spot nodes; without, a node that registers with their taint is opened at once."""
    agent_patience_seconds: float = Field(default=120.0, ge=0)
    """How long a Ready node waits for its agent before it is opened without."""
    move_at_rebalance: bool = False
    """Whether pods leave at a rebalance recommendation already; else only their images go ahead."""
    pool_quiet_seconds: float = Field(default=900, ge=0)
    """How long new pods avoid a type and zone after two of its nodes were called back together; 0: never."""
    rebalance_hold_seconds: float = Field(default=1800, gt=0)
    maintenance_lead_seconds: float = Field(default=900, gt=0)
    unserve_seconds: float = Field(default=3.0, ge=0)
    settle_seconds: float = Field(default=1.0, ge=0)
    linger_seconds: float = Field(default=60.0, ge=0)
    """How long a replaced pod may go on with the requests and websockets that it has, if there is time."""
    build_margin_seconds: float = Field(default=30.0, ge=5)
    """A build that still runs this long before its node's end starts again elsewhere."""

    @model_validator(mode="after")
    def _a_queue_is_in_a_region(self) -> Self:
        if self.queue_url and not self.region:
            # Left to boto3, this is told later, and as missing credentials.
            raise ValueError("MADANG_SPOT_QUEUE_URL needs the region of its queue: set MADANG_SPOT_REGION")
        return self


class AheadSettings(BaseSettings):
    """Of what the controller prepares before any notice: room, and images where they will be wanted."""

    model_config = SettingsConfigDict(env_prefix="MADANG_SPOT_", extra="ignore", frozen=True)

    namespace: str = "madang"
    """Where the Deployment `spot-headroom` is."""
    headroom: bool = False
    headroom_most: int = Field(default=40, ge=0)
    """Units of headroom at most, however much the largest node runs."""
    images_ahead: bool = False
    """Needs image volumes: Kubernetes 1.35, or the feature gate ImageVolume before."""
    image_copies: int = Field(default=2, ge=1, le=10)
    image_namespaces: frozenset[str] = frozenset()
    """Besides the clubs' own, where a pod may be created that pulls an image."""
    pause_image: str = ""
    priority_class: str = "madang-headroom"

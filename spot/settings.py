"""What an operator decides about the handler, read from the environment: `MADANG_SPOT_…`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints
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

"""Who takes a node for a drill: the embedded cluster's stand-in cloud, or AWS Fault Injection Service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.environment import environment


@dataclass(frozen=True)
class DrillOrder:
    """The instance to interrupt. The same drill orders the same once, however often it asks."""

    drill: int
    node: str
    instance_id: str
    zone: str


@dataclass(frozen=True)
class Ordered:
    """`reference` is the provider's own name of it; `deadline` when the node goes (None: not known yet)."""

    reference: str
    deadline: datetime | None


class Provider(Protocol):
    """What takes a node with a notice of two minutes, as the spot market does."""

    name: str

    def interrupt(self, order: DrillOrder) -> Ordered:
        """Raises PermanentError when it refuses, TemporaryError when it may have heard or not."""

    def clean(self, reference: str) -> None:
        """Takes away what the order has left with the provider. Raises TemporaryError or PermanentError."""


def provider() -> Provider | None:
    """The one that the settings name; None: drills are off."""
    given = environment()
    if given.drills == "local":
        from portal.drills.local import StandInCloud

        return StandInCloud(given.drill_url, given.drill_token.get_secret_value())
    if given.drills == "aws":
        from portal.drills.aws import FaultInjection

        return FaultInjection(given.drill_role_arn, given.drill_region)
    return None

"""What an operator decides about builds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class BuildSettings:
    """`base_images` are the names a Dockerfile may start from where nothing can be pulled; empty: any.

    A pod may wait `room_wait_seconds` for a node with room, and then `start_wait_seconds` for its containers.
    `capacity` is a preference: builds away from the platform's own on-demand machines.
    """

    builder_image: str
    namespace: str = "madang-builds"
    settings_secret: str = "build-settings"  # noqa: S105 - a Secret's name
    source_volume_bytes: int = 1 << 30
    cache_volume_bytes: int = 8 << 30
    keep_finished_seconds: int = 600
    room_wait_seconds: int = 1800
    start_wait_seconds: int = 300
    capacity: Literal["spot", "on-demand", "any"] = "spot"
    base_images: tuple[str, ...] = ()

"""How a commit becomes an image: the plan that is stored with a Build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from deployer.source.snapshot import WebSettings


@dataclass(frozen=True)
class BuildPlan:
    """What will be built and how it will be started.

    `dockerfile` is the generated text, or None: the project's own at `dockerfile_path` is used as it is.
    `command` is what the pod runs in place of the image's own CMD; None leaves the image's.
    `release_command` runs once before each release of the image, or None.
    `start` says in words how the app is started; `seen` and `notes` are lines for the push output.
    """

    language: str
    port: int
    dockerfile: str | None = None
    dockerfile_path: str = "Dockerfile"
    dockerignore: str | None = None
    command: tuple[str, ...] | None = None
    release_command: tuple[str, ...] | None = None
    start: str = ""
    seen: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    web: WebSettings = field(default_factory=WebSettings)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> BuildPlan:
        known = dict(stored)
        for name in ("command", "release_command"):
            words = known.get(name)
            known[name] = None if words is None else tuple(words)
        known["seen"] = tuple(known.get("seen", ()))
        known["notes"] = tuple(known.get("notes", ()))
        known["web"] = WebSettings(**known.get("web", {}))
        return cls(**known)

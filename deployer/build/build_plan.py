"""How a commit becomes an image: the plan that is stored with a Build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from deployer.sentence import Sentence
from deployer.source.snapshot import WebSettings

_SAID = ("seen", "notes")


@dataclass(frozen=True)
class BuildPlan:
    """What will be built and how it will be started.

    `dockerfile` is the generated text, or None: the project's own at `dockerfile_path` is used as it is.
    `command` is what the pod runs in place of the image's own CMD; None leaves the image's.
    `release_command` runs once before each release of the image, or None.
    `start` says in words how the app is started; `seen` and `notes` are lines for the push output, of which
    the parts are stored.
    """

    language: str
    port: int
    dockerfile: str | None = None
    dockerfile_path: str = "Dockerfile"
    dockerignore: str | None = None
    command: tuple[str, ...] | None = None
    release_command: tuple[str, ...] | None = None
    start: str = ""
    seen: tuple[Sentence, ...] = ()
    notes: tuple[Sentence, ...] = ()
    web: WebSettings = field(default_factory=WebSettings)

    def to_dict(self) -> dict[str, Any]:
        said = {name: [text.parts() for text in getattr(self, name)] for name in _SAID}
        return asdict(self) | said

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> BuildPlan:
        known = dict(stored)
        for name in ("command", "release_command"):
            words = known.get(name)
            known[name] = None if words is None else tuple(words)
        for name in _SAID:
            known[name] = tuple(_sentence(text) for text in known.get(name, ()))
        known["web"] = WebSettings(**known.get("web", {}))
        return cls(**known)


def _sentence(stored: str | list[Any]) -> Sentence:
    """Plans of before hold the English text."""
    return Sentence.of(stored) if isinstance(stored, str) else Sentence.from_parts(stored)

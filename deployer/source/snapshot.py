"""What detection knows of a commit: plain data read once from git, so every decision after it is pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WebSettings:
    """`web:` of madang.yaml; None means not said."""

    command: str | None = None
    port: int | None = None
    health: str | None = None
    replicas: int | None = None
    memory_bytes: int | None = None
    cpu_millicores: int | None = None


@dataclass(frozen=True)
class Manifest:
    """A project's madang.yaml, checked."""

    web: WebSettings = field(default_factory=WebSettings)
    dockerfile: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """One commit as detection sees it.

    `paths` are all files of the tree (slash-separated, relative to the root), `files` the text of the
    small ones that detection reads, `procfile` the commands by process type.
    """

    commit: str
    paths: frozenset[str]
    files: Mapping[str, str]
    manifest: Manifest = field(default_factory=Manifest)
    procfile: Mapping[str, str] = field(default_factory=dict)

    @property
    def root_names(self) -> frozenset[str]:
        """Names of the files that stand at the root."""
        return frozenset(path for path in self.paths if "/" not in path)

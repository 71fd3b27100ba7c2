"""Which of Node's package tools a project is made for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from deployer.sentence import Sentence
from deployer.source.snapshot import Snapshot


@dataclass(frozen=True)
class Tool:
    """`get` makes the tool itself (None: it is in the image), `prune` drops what only the build needed.
    `seen` is the lock file, or a Sentence."""

    name: str
    files: tuple[str, ...]
    install: str
    run: str
    prune: str | None
    cache: str
    get: str | None = None
    seen: str = ""


def choose_tool(snapshot: Snapshot, package: dict[str, Any]) -> Tool:
    """By the lock file; npm without one."""
    extra = tuple(name for name in (".npmrc",) if name in snapshot.paths)
    if "pnpm-lock.yaml" in snapshot.paths:
        pnpm = _manager_version(package, "pnpm") or "9"
        return Tool(
            "pnpm",
            ("package.json", "pnpm-lock.yaml", *extra),
            "pnpm install --frozen-lockfile",
            "pnpm run build",
            "pnpm prune --prod --ignore-scripts",
            "/root/.local/share/pnpm/store",
            f"npm install -g pnpm@{pnpm}",
            "pnpm-lock.yaml",
        )
    if "yarn.lock" in snapshot.paths:
        version = _manager_version(package, "yarn")
        if version and not version.startswith("1."):
            config = tuple(name for name in (".yarnrc.yml",) if name in snapshot.paths)
            return Tool(
                "yarn",
                ("package.json", "yarn.lock", *config),
                "yarn install --immutable",
                "yarn run build",
                None,
                "/root/.yarn/berry/cache",
                f"npm install -g --force @yarnpkg/cli-dist@{version}",
                "yarn.lock",
            )
        return Tool(
            "yarn",
            ("package.json", "yarn.lock", *extra),
            "yarn install --frozen-lockfile",
            "yarn run build",
            "yarn install --frozen-lockfile --production --ignore-scripts --prefer-offline",
            "/usr/local/share/.cache/yarn",
            None,
            "yarn.lock",
        )
    locked = next(
        (name for name in ("package-lock.json", "npm-shrinkwrap.json") if name in snapshot.paths), None
    )
    return Tool(
        "npm",
        ("package.json", *((locked,) if locked else ()), *extra),
        "npm ci --no-audit --no-fund" if locked else "npm install --no-audit --no-fund",
        "npm run build",
        "npm prune --omit=dev --no-audit --no-fund",
        "/root/.npm",
        None,
        locked or Sentence("no lock file"),
    )


def _manager_version(package: dict[str, Any], name: str) -> str | None:
    """The version in "packageManager": "pnpm@9.1.0+sha…"."""
    found = re.fullmatch(rf"{name}@(\d+(?:\.\d+)*)(?:[-+].*)?", str(package.get("packageManager", "")))
    return found[1] if found else None

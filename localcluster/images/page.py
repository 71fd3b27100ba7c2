"""What the pages are made of, from the tree: for a browser and in each language by npm, and the guides."""

import hashlib
import shutil
from pathlib import Path

from localcluster.images.layer import pack
from localcluster.images.npm import npm_command
from localcluster.images.oci import Layer
from localcluster.images.python_packages import Files
from localcluster.images.store import Store, run
from localcluster.lock import held

SHARE = "/usr/local/share/madang"
_PORTAL = "platform/portal"
_ASSETS = f"{_PORTAL}/web/assets"
_SOURCES = ("**/*.html", "**/locale/*/LC_MESSAGES/*.po", "web/static/**/*", "web/templatetags/*.py")


def page_sources(tree: Path) -> Files:
    """All that decides the result: npm's lock, the style sheet, what may name a class, catalogues, guides."""
    portal = tree / _PORTAL
    found = {path for pattern in _SOURCES for path in portal.glob(pattern) if path.is_file()}
    found |= {path for path in (tree / _ASSETS).iterdir() if path.is_file()}
    found |= set((tree / "docs").glob("*.md"))
    wanted = (path for path in sorted(found) if "node_modules" not in path.parts)
    return tuple((str(path.relative_to(tree)), path.read_bytes()) for path in wanted)


def page_files(store: Store, sources: Files) -> Layer:
    """`page`, `locale` and `docs` in SHARE."""
    with store.scratch() as work:
        for name, data in sources:
            path = work / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assets, made = work / "tree" / _ASSETS, work / "made"
        (assets / "node_modules").symlink_to(node_modules(store, sources))
        npm, environment = npm_command(store.root.parent, store.report)
        words: list[str | Path] = [*npm, "run", "--silent", "build", "--", made]
        run(words, "make the pages' style sheet and scripts", cwd=assets, env=environment)
        parts = [*made.iterdir(), work / "tree/docs"]
        return pack(store.blobs, {f"{SHARE}/{part.name}": part for part in parts})


def node_modules(store: Store, sources: Files) -> Path:
    """The packages of package-lock.json, fetched once."""
    named = {name: data for name, data in sources if name.startswith(f"{_ASSETS}/")}
    manifests = {name: named[f"{_ASSETS}/{name}"] for name in ("package.json", "package-lock.json", ".npmrc")}
    key = hashlib.sha256(repr(sorted(manifests.items())).encode()).hexdigest()[:16]
    folder = store.root / "node" / key
    with held(store.root / "locks" / f"node-{key}"):
        if not folder.exists():
            fresh = folder.with_name(f"{key}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            for name, data in manifests.items():
                (fresh / name).write_bytes(data)
            npm, environment = npm_command(store.root.parent, store.report)
            words: list[str | Path] = [*npm, "ci", "--silent", "--no-audit", "--no-fund"]
            run(words, "fetch the pages' packages through npm", cwd=fresh, env=environment)
            fresh.rename(folder)
    return folder / "node_modules"

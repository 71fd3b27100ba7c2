"""Equivalents of Docker Hub's base images, made from package registries.

Where images can be pulled the mirror is a pull-through cache instead, and none of this runs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.images import keeping, languages
from localcluster.images.alpine import like_alpine
from localcluster.images.debian import FILES, debian, with_packages, with_script
from localcluster.images.layer import Entry, Link, pack
from localcluster.images.oci import Image, Layer, architecture
from localcluster.images.overlay import PATH
from localcluster.images.registry import Registry
from localcluster.images.store import Store, open_store
from localcluster.report import Report

# The compilers, headers and tools that the images without "-slim" in their tag have.
_FULL = (
    *("build-essential", "pkg-config", "git", "curl", "wget", "unzip", "python3"),
    *("libffi-dev", "libssl-dev", "libpq-dev", "zlib1g-dev", "libjpeg-dev", "libxml2-dev", "libsqlite3-dev"),
)


@dataclass(frozen=True)
class Base:
    """An image and the names it answers to, as a Dockerfile has them ("python:3.12-slim")."""

    image: Image
    names: tuple[str, ...]


def make(store: Store, group: str) -> Iterator[Base]:
    """The bases of one of `GROUPS`, made or found in the cache. Needs no registry."""
    if group not in GROUPS:
        raise ClusterError(f"There is no group of base images {group!r}. Groups: {', '.join(GROUPS)}.")
    return GROUPS[group](store)


def make_bases(cache: Path, groups: Iterable[str], report: Report) -> list[Base]:
    """Make all bases of these groups, in this order, without pushing them."""
    store = open_store(cache, report)
    return [base for group in groups for base in make(store, group)]


def push_bases(cache: Path, mirror: str, bases: Iterable[Base], report: Report) -> None:
    """Push them to the mirror (host:port), which then answers to their names. Raises ClusterError."""
    registry = Registry(mirror)
    with keeping.pushing(cache):
        for base in bases:
            for repository, tags in _by_repository(base.names).items():
                registry.push(base.image, f"library/{repository}", tags)
    report("base images")


def _debian(store: Store) -> Iterator[Base]:
    image = debian(store)
    yield Base(image, _names("debian", "bookworm-slim", "bookworm", "12-slim", "12", "stable-slim", "latest"))
    yield Base(like_alpine(store, image), _names("alpine", "latest", "3", "3.20", "3.21", "3.22"))


def _python(store: Store) -> Iterator[Base]:
    for minor, tags in _tagged(languages.PYTHONS, "3.12"):
        image = python_image(store, minor)
        slim = [f"{tag}-{kind}" if tag else kind for tag in tags for kind in ("slim", "slim-bookworm")]
        yield Base(image, _names("python", *slim))
        alpine = [f"{tag}-alpine" if tag else "alpine" for tag in tags]
        yield Base(like_alpine(store, image), _names("python", *alpine))


def python_image(store: Store, minor: str) -> Image:
    """python:<minor>-slim."""
    return _with_python(store, with_packages(store, debian(store), *languages.PYTHON_LIBRARIES), minor)


def _python_full(store: Store) -> Iterator[Base]:
    for minor, tags in _tagged(languages.PYTHONS, "3.12"):
        full = with_packages(store, debian(store), *_FULL, *languages.PYTHON_LIBRARIES)
        names = [tag or "latest" for tag in tags] + [f"{tag}-bookworm" for tag in tags if tag]
        yield Base(_with_python(store, full, minor), _names("python", *names))


def _with_python(store: Store, image: Image, minor: str) -> Image:
    # The layer is made over the slim files whatever it lies upon, so that both kinds share it.
    below = with_packages(store, debian(store), *languages.PYTHON_LIBRARIES).layers
    return image.with_layer(*languages.python(store, minor, below)).with_config(
        Env=["LANG=C.UTF-8", f"PYTHON_VERSION={languages.PYTHONS[minor].partition('-')[0]}"], Cmd=["python3"]
    )


def _node(store: Store) -> Iterator[Base]:
    for major, tags in _tagged(dict.fromkeys(languages.NODES), "22"):
        image = _with_node(store, debian(store), major)
        slim = [f"{tag}-{kind}" if tag else kind for tag in tags for kind in ("slim", "bookworm-slim")]
        yield Base(image, _names("node", *slim))
        alpine = [f"{tag}-alpine" if tag else "alpine" for tag in tags]
        yield Base(like_alpine(store, image), _names("node", *alpine))


def _node_full(store: Store) -> Iterator[Base]:
    for major, tags in _tagged(dict.fromkeys(languages.NODES), "22"):
        full = with_packages(store, debian(store), *_FULL, *languages.PYTHON_LIBRARIES)
        names = [tag or "latest" for tag in tags] + [f"{tag}-bookworm" for tag in tags if tag]
        yield Base(_with_node(store, full, major), _names("node", *names))


def _with_node(store: Store, image: Image, major: str) -> Image:
    with_user = with_script(store, image, "useradd --uid 1000 --create-home --shell /bin/bash node")
    return with_user.with_layer(languages.node(store, major)).with_config(Cmd=["node"])


def _nginx(store: Store) -> Iterator[Base]:
    # Docker Hub's image runs its workers as nginx, 101; envsubst (gettext-base) fills in its templates.
    script = (
        "groupadd --system --gid 101 nginx\nuseradd --system --uid 101 --gid 101 --no-create-home nginx\n"
    )
    image = with_script(store, debian(store), f"{script}install nginx-light gettext-base")
    names = ("nginx.conf", "default.conf", "index.html", "nginx-entrypoint")
    image = image.with_layer(
        store.layer(_nginx_layout, tuple((FILES / name).read_text() for name in names))
    ).with_config(
        Entrypoint=["/docker-entrypoint.sh"],
        Cmd=["nginx", "-g", "daemon off;"],
        ExposedPorts={"80/tcp": {}},
        StopSignal="SIGQUIT",
    )
    yield Base(image, _names("nginx", "latest", "stable", "bookworm", "1", "1.22"))
    yield Base(like_alpine(store, image), _names("nginx", "alpine", "stable-alpine", "alpine-slim"))


def _nginx_layout(store: Store, _texts: tuple[str, ...]) -> Layer:
    entries: dict[str, Entry] = {
        "/etc/nginx/nginx.conf": FILES / "nginx.conf",
        "/etc/nginx/conf.d/default.conf": FILES / "default.conf",
        "/usr/share/nginx/html/index.html": FILES / "index.html",
        "/docker-entrypoint.sh": FILES / "nginx-entrypoint",
        "/var/log/nginx/access.log": Link("/dev/stdout"),
        "/var/log/nginx/error.log": Link("/dev/stderr"),
    }
    return pack(store.blobs, entries)


def _java(store: Store) -> Iterator[Base]:
    jdk, jre = (_with_java(store, f"openjdk-17-{kind}-headless") for kind in ("jdk", "jre"))
    jdk = jdk.with_config(Cmd=["jshell"])
    yield Base(
        jdk,
        (
            *_names("eclipse-temurin", "17", "17-jdk", "17-jdk-jammy"),
            *_names("openjdk", "17", "17-jdk", "17-slim", "17-jdk-slim"),
            *_names("amazoncorretto", "17"),
        ),
    )
    yield Base(like_alpine(store, jdk), _names("eclipse-temurin", "17-alpine", "17-jdk-alpine"))
    yield Base(jre, _names("eclipse-temurin", "17-jre", "17-jre-jammy"))
    yield Base(like_alpine(store, jre), _names("eclipse-temurin", "17-jre-alpine"))


def _with_java(store: Store, package: str) -> Image:
    home = f"/usr/lib/jvm/java-17-openjdk-{architecture()}"
    script = f"install {package}\nmkdir -p /opt/java\nln -s {home} /opt/java/openjdk"
    return with_script(store, debian(store), script).with_config(
        Env=["JAVA_HOME=/opt/java/openjdk", f"PATH=/opt/java/openjdk/bin:{PATH}"]
    )


def _go(store: Store) -> Iterator[Base]:
    for minor, tags in _tagged(languages.GOS, "1.26"):
        image = with_packages(store, debian(store), "git", "gcc", "libc6-dev", "pkg-config")
        image = image.with_layer(languages.go(store, minor)).with_config(
            Env=[f"PATH=/go/bin:/usr/local/go/bin:{PATH}", "GOPATH=/go", "GOTOOLCHAIN=local"],
            WorkingDir="/go",
        )
        names = [tag or "latest" for tag in tags] + [f"{tag}-bookworm" for tag in tags if tag]
        yield Base(image, _names("golang", *names))
        alpine = [f"{tag}-alpine" if tag else "alpine" for tag in tags]
        yield Base(like_alpine(store, image), _names("golang", *alpine))


# What generated Dockerfiles and most of the students' own start from comes first.
GROUPS: dict[str, Callable[[Store], Iterator[Base]]] = {
    "debian": _debian,
    "python": _python,
    "node": _node,
    "nginx": _nginx,
    "java": _java,
    "go": _go,
    "python-full": _python_full,
    "node-full": _node_full,
}


def _tagged(versions: dict[str, str] | dict[str, None], newest: str) -> Iterator[tuple[str, list[str]]]:
    """Each version with its tags; the newest also answers to its major number and to none ("")."""
    for version in versions:
        more = [version.partition(".")[0], ""] if version == newest else []
        yield version, list(dict.fromkeys([version, *more]))


def _by_repository(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        repository, _, tag = name.rpartition(":")
        found.setdefault(repository, []).append(tag)
    return found


def _names(repository: str, *tags: str) -> tuple[str, ...]:
    return tuple(f"{repository}:{tag}" for tag in tags)

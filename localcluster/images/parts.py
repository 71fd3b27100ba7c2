"""The images of the platform's own parts, put together from files on this machine, without a builder."""

from collections.abc import Callable
from pathlib import Path

from localcluster.images import buildkit, databases, services
from localcluster.images.ingredients import Ingredients
from localcluster.images.oci import Image
from localcluster.images.project import project_image
from localcluster.images.record import write_record
from localcluster.images.registry import Registry
from localcluster.images.store import open_store
from localcluster.report import Report

PARTS: dict[str, Callable[[Ingredients], Image]] = {
    "traefik": services.traefik,
    "registry": services.registry,
    "postgres": databases.postgres,
    "redis": databases.redis,
    "platform": project_image,
    "builder": buildkit.builder,
}


def prepare_platform(cache: Path, tree: Path, report: Report) -> None:
    """Make, without pushing, all of the platform's images that no compiled program goes into.

    For the time while the programs compile: `ensure_platform` then finds it in the cache.
    """
    made_from = Ingredients(open_store(cache, report), Path("/nonexistent"), tree)
    for make in (services.traefik, databases.postgres, databases.redis, buildkit.tools, project_image):
        make(made_from)


def ensure_platform(cache: Path, mirror: str, bin: Path, tree: Path, report: Report) -> dict[str, str]:
    """Make the platform's images and push them to the mirror (host:port).

    `bin` is the folder of compiled programs, `tree` the project's working tree. Gives, for each of `PARTS`,
    "docker.io/madang/NAME@sha256:…". When nothing changed it costs a wheel and some HEAD requests.
    Raises ClusterError.
    """
    made_from = Ingredients(open_store(cache, report), bin, tree)
    registry = Registry(mirror)
    references: dict[str, str] = {}
    for name, make in PARTS.items():
        image = make(made_from)
        registry.push(image, f"madang/{name}", [image.digest.removeprefix("sha256:")[:16]])
        references[name] = f"docker.io/madang/{name}@{image.digest}"
        write_record(made_from.store, name, image)
    registry.push(buildkit.frontend(made_from), "docker/dockerfile", buildkit.FRONTEND_TAGS)
    report("platform images")
    return references

"""The images of the platform's own parts, put together from files on this machine, without a builder."""

from collections.abc import Callable, Mapping
from pathlib import Path

from localcluster.images import buildkit, databases, keeping, services
from localcluster.images.ingredients import Ingredients
from localcluster.images.oci import Image
from localcluster.images.project import agent_image, project_image
from localcluster.images.record import write_record
from localcluster.images.registry import Registry
from localcluster.images.store import open_store
from localcluster.report import Report

WITHOUT_PROGRAMS: dict[str, Callable[[Ingredients], Image]] = {
    "traefik": services.traefik,
    "postgres": databases.postgres,
    "redis": databases.redis,
    "platform": project_image,
    "spot-agent": agent_image,
}
WITH_PROGRAMS: dict[str, Callable[[Ingredients], Image]] = {
    "registry": services.registry,
    "builder": buildkit.builder,
}
"""Those that hold some of the cluster's compiled programs."""


def make_platform(cache: Path, tree: Path, report: Report) -> dict[str, Image]:
    """Make all that needs neither a registry nor a compiled program, for the time while those compile.

    `tree` is the project's working tree. When nothing has changed it costs a wheel. Raises ClusterError.
    """
    made_from = Ingredients(open_store(cache, report), Path("/nonexistent"), tree)
    buildkit.tools(made_from)
    made = {name: make(made_from) for name, make in WITHOUT_PROGRAMS.items()}
    for name, image in made.items():
        write_record(made_from.store, name, image)
    return made


def push_platform(
    cache: Path, state: Path, mirror: str, bin: Path, tree: Path, made: Mapping[str, Image], report: Report
) -> dict[str, str]:
    """Push what `make_platform` gave, and the rest of the platform's images, to the mirror (host:port).

    `state` is the folder of the cluster that is to have them, `bin` that of compiled programs. Gives
    "docker.io/madang/NAME@sha256:…" for each image. When nothing has changed it costs some HEAD requests.
    Raises ClusterError.
    """
    made_from = Ingredients(open_store(cache, report), bin, tree)
    registry = Registry(mirror)
    every = {**made, **{name: make(made_from) for name, make in WITH_PROGRAMS.items()}}
    references = {name: f"docker.io/{keeping.PLATFORM}{name}@{image.digest}" for name, image in every.items()}
    with keeping.pushing(cache):
        keeping.keep_also(state, references.values())
        for name, image in every.items():
            registry.push(image, f"{keeping.PLATFORM}{name}", [keeping.tag(image.digest)])
            write_record(made_from.store, name, image)
        registry.push(buildkit.frontend(made_from), "docker/dockerfile", buildkit.FRONTEND_TAGS)
    report("platform images")
    return references

"""The whole way up: programs, Kubernetes, images, Madang, and the stand-in cloud."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from localcluster import control, images, lifecycle, outlet, pause
from localcluster.api import connect
from localcluster.cloud import process as cloud
from localcluster.errors import ClusterError
from localcluster.install import install, release
from localcluster.install.tree import TREE
from localcluster.instance import Instance
from localcluster.report import Progress, Report
from localcluster.threads import side_by_side


def up(instance: Instance, report: Progress) -> None:
    """From whatever state to a Madang that answers. Again is a no-op. Raises ClusterError."""
    cache, mirror = instance.cache, instance.mirror_url
    with side_by_side() as pool:
        # Compilers and package managers wait for different things, so the images cost little time here.
        made = pool.submit(_make_images, cache, report)
        folder = lifecycle.programs_folder(instance, report)
        lifecycle.start(instance, report, folder)
        # The mirror answers by now, the nodes are not Ready yet.
        pushed = pool.submit(
            lambda: images.push_platform(
                cache, instance.state, mirror, folder, TREE, made.result().parts, report
            )
        )
        lifecycle.wait_until_ready(instance, report)
        # The agents on spot nodes are ready once they read the metadata that it serves.
        cloud.ensure_running(instance)
        references, bases = pushed.result(), made.result().bases
        # Only builds want these two, and nobody builds before Madang answers: the package clients take
        # seconds to tell their settings, and the bases are a gigabyte.
        way_out = pool.submit(outlet.ensure_running, instance, report)
        names_answer = pool.submit(images.push_bases, cache, mirror, bases, report)
        install(instance, references, report, [name for base in bases for name in base.names])
        way_out.result()
        names_answer.result()
    _forget_old_images(instance, folder, references.values(), report)
    report(f"{instance.name} is up")


def _forget_old_images(instance: Instance, folder: Path, running: Iterable[str], report: Report) -> None:
    """The mirror keeps what this cluster runs and can go back to. What cannot be taken out today stays."""
    with connect(instance) as api:
        needed = {pause.IMAGE, *running, *release.images(api)}
    images.keep(instance.cache, instance.state, needed)
    collect = control.collect_mirror(instance, folder)
    try:
        images.forget_old(instance.cache, instance.mirror_url, instance.mirror_storage, collect, report)
    except ClusterError as error:
        report(f"old images stay in the mirror: {error}")


class _Made(NamedTuple):
    bases: list[images.Base]
    parts: dict[str, images.Image]


def _make_images(cache: Path, report: Progress) -> _Made:
    """All that needs neither a registry nor the compiled programs."""
    return _Made(images.make_bases(cache, images.GROUPS, report), images.make_platform(cache, TREE, report))

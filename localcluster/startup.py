"""The whole way up: programs, Kubernetes, images, Madang, and the stand-in cloud."""

from concurrent.futures import ThreadPoolExecutor

from localcluster import images, lifecycle, outlet
from localcluster.cloud import process as cloud
from localcluster.install import install
from localcluster.install.tree import TREE
from localcluster.instance import Instance
from localcluster.report import Progress


def up(instance: Instance, report: Progress) -> None:
    """From whatever state to a Madang that answers. Again is a no-op. Raises ClusterError."""
    with ThreadPoolExecutor() as pool:
        # Compilers and package managers wait for different things, so the bases cost little time here.
        bases = pool.submit(images.make_bases, instance.cache, images.ESSENTIAL, report)
        folder = lifecycle.programs_folder(instance, report)
        lifecycle.up(instance, report, folder)
        bases.result()
    with report.step("base images in the mirror"):
        bases_there = images.ensure_bases(instance.cache, instance.mirror_url, images.ESSENTIAL, report)
    if outlet.ensure_running(instance, report):
        report("way out for builds opened")
    references = images.ensure_platform(instance.cache, instance.mirror_url, folder, TREE, report)
    install(instance, references, report, bases_there)
    cloud.ensure_running(instance)
    report(f"{instance.name} is up")

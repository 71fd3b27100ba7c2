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
        made = pool.submit(_make_images, instance, report)
        folder = lifecycle.programs_folder(instance, report)
        lifecycle.up(instance, report, folder)
        # The agents on spot nodes are ready once they read the metadata that it serves.
        cloud.ensure_running(instance)
        made.result()
        # The package clients take seconds to tell their settings; nobody builds before Madang answers.
        way_out = pool.submit(outlet.ensure_running, instance, report)
        names = images.ensure_bases(instance.cache, instance.mirror_url, images.GROUPS, report)
        references = images.ensure_platform(instance.cache, instance.mirror_url, folder, TREE, report)
        install(instance, references, report, names)
        way_out.result()
    report(f"{instance.name} is up")


def _make_images(instance: Instance, report: Progress) -> None:
    """All that needs neither a registry nor the compiled programs."""
    images.make_bases(instance.cache, images.GROUPS, report)
    images.prepare_platform(instance.cache, TREE, report)

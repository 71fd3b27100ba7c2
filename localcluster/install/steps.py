"""The steps of an installation, in order. All of them again is quick and changes nothing."""

from collections.abc import Mapping, Sequence

from localcluster import nodes
from localcluster.addons import INGRESS_NAMESPACE, ingress_controller
from localcluster.api import connect
from localcluster.egress import build_settings
from localcluster.install import release, secrets, volumes
from localcluster.install.readiness import wait_until_answering, wait_until_ready
from localcluster.install.values import DOMAIN, NAMESPACE, SPOT_NAMESPACE, chart_values
from localcluster.instance import Instance
from localcluster.report import Report
from localcluster.threads import side_by_side

PLATFORM_NAMESPACES = (INGRESS_NAMESPACE, NAMESPACE, SPOT_NAMESPACE)
BUILDS_NAMESPACE = "madang-builds"
DEADLINE_SECONDS = 900


def install(
    instance: Instance, images: Mapping[str, str], report: Report, base_images: Sequence[str] = ()
) -> None:
    """Install or bring up to date, and wait until everything is ready and answers through the ingress.

    `images` maps platform, spot-agent, builder, postgres, redis, registry and traefik to references by
    digest; `base_images` are the names in the mirror that a Dockerfile may start from.
    Raises ClusterError with the causes, events and last log lines of the pods that stand in the way.
    """
    programs = nodes.programs_in_use(instance)
    # Asking the machine's package clients for their settings takes seconds, as pods do to start.
    with connect(instance) as api, side_by_side() as pool:
        settings = pool.submit(build_settings, instance, report)
        api.apply(ingress_controller(images["traefik"]))
        api.apply([platform_namespace()])
        secrets.ensure(instance, api)
        api.apply(volumes.ensure(instance))
        volumes.free(api)
        release.upgrade(instance, api, programs, chart_values(instance, images, base_images), report)
        wait_until_ready(api, PLATFORM_NAMESPACES, report, DEADLINE_SECONDS)
        for host in (DOMAIN, f"git.{DOMAIN}"):
            wait_until_answering(instance.ports.http, host, report, DEADLINE_SECONDS)
        api.apply([secrets.opaque("build-settings", BUILDS_NAMESPACE, settings.result())])
    report(f"Madang answers at http://{DOMAIN}:{instance.ports.http}")


def platform_namespace() -> dict[str, object]:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}

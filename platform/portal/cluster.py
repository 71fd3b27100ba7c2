"""The cluster, as the portal's workers use it: the deployer with the operator's settings."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from portal.environment import environment

if TYPE_CHECKING:
    from deployer.build import Builder
    from deployer.fleet import Fleet, FleetWatch
    from deployer.kube import Kube
    from deployer.rollout import Rollouts
    from deployer.rollout.apps import Apps
    from deployer.rollout.sight import Sight


# The kubernetes client is imported at its first use: the git server and most of the portal never need it.
@lru_cache(maxsize=1)
def _kube() -> Kube:
    from deployer.kube import Kube

    return Kube.from_environment()


def builder() -> Builder:
    """Raises PermanentError without a cluster."""
    from deployer.build import Builder, BuildSettings

    given = environment()
    return Builder(
        _kube(),
        BuildSettings(
            builder_image=given.builder_image,
            namespace=given.builds_namespace,
            base_images=given.base_image_names,
        ),
    )


@lru_cache(maxsize=1)
def fleet_watch() -> FleetWatch:
    """One for all readers of this process. Raises PermanentError without a cluster."""
    from deployer.fleet import FleetWatch

    return FleetWatch(_kube())


def read_fleet() -> Fleet:
    """The fleet once. Raises DeployerError."""
    from deployer import fleet

    return fleet.read_fleet(_kube())


def apps() -> Apps:
    """Raises PermanentError without a cluster."""
    from deployer.rollout.apps import Apps

    return Apps(_kube())


def restart_registry(quiet_until: datetime) -> None:
    """Raises PermanentError without a cluster, TemporaryError when it may or may not have been heard."""
    from deployer import registry

    registry.restart(_kube(), environment().registry_workload, quiet_until)


def sight(club: str, project: str) -> Sight:
    """What the cluster shows of a project. Raises DeployerError."""
    from deployer.rollout.sight import look

    return look(_kube(), club, project)


def rollouts() -> Rollouts:
    """Raises PermanentError without a cluster."""
    from deployer.rollout import Rollouts, RolloutSettings

    given = environment()
    return Rollouts(
        _kube(),
        RolloutSettings(
            pull_host=given.registry_pull_host,
            ingress_class=given.ingress_class,
            ingress_namespace=given.ingress_namespace,
            ingress_probe_url=given.ingress_probe_url,
            capacity=given.app_capacity,
            world=given.app_world,
            dns_addresses=given.dns_networks,
            account=given.worker_account,
            secrets_role=given.secrets_role,
        ),
    )

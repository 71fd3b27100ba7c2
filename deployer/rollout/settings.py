"""What an operator decides about rollouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class RolloutSettings:
    """`ingress_probe_url` is the ingress controller as this process reaches it; the app's host name goes in
    `Host`.

    `capacity` is a preference for student pods, never a must. `dns_addresses` are networks of servers
    outside the cluster's own DNS pods. `world` lets student apps reach addresses outside the cluster.
    A new pod must have been ready for `min_ready_seconds` before an old one goes. A new release that the
    ingress controller does not know for `trial_route_seconds` is no longer waited for to answer first.
    A release command may run for `release_deadline_seconds`; its Job is kept `keep_release_seconds`.
    `secrets_role` is the ClusterRole that lets `account` ("namespace/name") keep Secrets where it is bound to
    it; empty: this process's account may already.
    """

    pull_host: str = "registry.local"
    ingress_class: str = "madang"
    ingress_namespace: str = "madang-ingress"
    ingress_probe_url: str = "http://traefik.madang-ingress.svc.cluster.local"
    capacity: Literal["spot", "on-demand", "any"] = "spot"
    account: str = ""
    secrets_role: str = ""
    run_as: int = 10001
    dns_addresses: tuple[str, ...] = ()
    world: bool = False
    progress_deadline_seconds: int = 120
    answer_deadline_seconds: int = 60
    wait_deadline_seconds: int = 900
    min_ready_seconds: int = 10
    trial_route_seconds: int = 20
    release_deadline_seconds: int = 600
    keep_release_seconds: int = 3600
    grace_seconds: int = 30
    drain_seconds: int = 5
    ephemeral_storage_bytes: int = 1 << 30
    keep_revisions: int = 3

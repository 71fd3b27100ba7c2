"""The platform's own registry, as a workload of the cluster."""

from __future__ import annotations

from datetime import datetime

from deployer.kube import Kube

QUIET_UNTIL = "madang.dev/quiet-until"


def restart(kube: Kube, workload: str, quiet_until: datetime) -> None:
    """Replaces the pod of the StatefulSet `workload` (namespace/name), which may collect garbage until then.

    TemporaryError when the cluster's answer did not come: it may have been done.
    """
    namespace, _, name = workload.partition("/")
    note = {QUIET_UNTIL: str(int(quiet_until.timestamp()))}
    kube.merge("StatefulSet", namespace, name, {"spec": {"template": {"metadata": {"annotations": note}}}})
